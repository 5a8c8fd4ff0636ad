#include "parsers/json_line.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>

#include "parsers/scan.h"

namespace rastro {
namespace {

void skip_space(std::string_view& rest) {
  const auto end = rest.find_first_not_of(" \t\r\n");
  rest.remove_prefix(std::min(end, rest.size()));
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto add = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    add(point);
  } else if (point < 0x800) {
    add(0xc0 | point >> 6);
    add(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    add(0xe0 | point >> 12);
    add(0x80 | (point >> 6 & 0x3f));
    add(0x80 | (point & 0x3f));
  } else {
    add(0xf0 | point >> 18);
    add(0x80 | (point >> 12 & 0x3f));
    add(0x80 | (point >> 6 & 0x3f));
    add(0x80 | (point & 0x3f));
  }
}

std::optional<std::uint32_t> maybe_take_four_hex(std::string_view& rest) {
  if (rest.size() < 4) return std::nullopt;
  std::uint32_t out = 0;
  for (const char c : rest.substr(0, 4)) {
    out <<= 4;
    if (c >= '0' && c <= '9') {
      out |= static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      out |= static_cast<std::uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      out |= static_cast<std::uint32_t>(c - 'A' + 10);
    } else {
      return std::nullopt;
    }
  }
  rest.remove_prefix(4);
  return out;
}

// Behind "\u". Half of a pair is written as the mark for what is no character.
bool take_code_point(std::string_view& rest, std::string& out) {
  constexpr std::uint32_t kReplacement = 0xfffd;
  const auto first = maybe_take_four_hex(rest);
  if (!first) return false;
  const bool high = *first >= 0xd800 && *first < 0xdc00;
  if (!high) {
    append_utf8(out, *first >= 0xdc00 && *first < 0xe000 ? kReplacement : *first);
    return true;
  }
  auto left = rest;
  const auto second = maybe_take(left, "\\u") ? maybe_take_four_hex(left) : std::nullopt;
  if (!second || *second < 0xdc00 || *second >= 0xe000) {
    append_utf8(out, kReplacement);
    return true;
  }
  append_utf8(out, 0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00));
  rest = left;
  return true;
}

bool take_escape(std::string_view& rest, std::string& out) {
  if (rest.empty()) return false;
  const char c = rest[0];
  rest.remove_prefix(1);
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kBytes = "\"\\/\b\f\n\r\t";
  if (c == 'u') return take_code_point(rest, out);
  const auto at = kNames.find(c);
  if (at == std::string_view::npos) return false;
  out += kBytes[at];
  return true;
}

bool take_string(std::string_view& rest, std::string& out) {
  out.clear();
  if (!maybe_take(rest, '"')) return false;
  for (;;) {
    const auto plain = position_of(rest, '"', '\\');
    out.append(rest.substr(0, plain));
    rest.remove_prefix(plain);
    if (rest.empty()) return false;
    const bool ends = rest[0] == '"';
    rest.remove_prefix(1);
    if (ends) return true;
    if (!take_escape(rest, out)) return false;
  }
}

// "[80,111,115]": journald writes what is no UTF-8 as bytes.
bool take_bytes(std::string_view& rest, std::string& out) {
  out.clear();
  if (!maybe_take(rest, '[')) return false;
  for (;;) {
    skip_space(rest);
    const auto byte = maybe_take_number(rest);
    if (!byte || *byte > 0xff) return false;
    out += static_cast<char>(*byte);
    skip_space(rest);
    if (maybe_take(rest, ']')) return true;
    if (!maybe_take(rest, ',')) return false;
  }
}

// A number, true, false, null.
std::string_view take_bare_word(std::string_view& rest) {
  const auto word = rest.substr(0, rest.find_first_of(",]} \t"));
  rest.remove_prefix(word.size());
  return word;
}

// Over an object or an array, whatever is in it.
bool skip_nested(std::string_view& rest) {
  std::size_t depth = 0;
  while (!rest.empty()) {
    const char c = rest[0];
    rest.remove_prefix(1);
    if (c == '"') {
      for (;;) {
        const auto plain = position_of(rest, '"', '\\');
        if (plain + 1 > rest.size()) return false;
        const bool ends = rest[plain] == '"';
        rest.remove_prefix(std::min(rest.size(), plain + (ends ? 1U : 2U)));
        if (ends) break;
      }
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return true;
    }
  }
  return false;
}

bool is_figures(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string stamp_of(std::uint64_t micros) {
  using namespace std::chrono;
  const sys_time<microseconds> at{microseconds(static_cast<std::int64_t>(micros))};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  std::array<char, 40> out{};
  const int size = std::snprintf(
      out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return {out.data(), static_cast<std::size_t>(std::max(size, 0))};
}

// Seconds, milliseconds or microseconds since 1970, with a fraction or without: told by their size.
std::optional<std::uint64_t> maybe_read_epoch(std::string_view text) {
  const auto whole = maybe_take_number(text);
  if (!whole) return std::nullopt;
  std::uint64_t fraction = 0;
  std::uint64_t scale = 100'000;
  if (maybe_take(text, '.')) {
    for (const char c : text) {
      if (c < '0' || c > '9') return std::nullopt;
      fraction += static_cast<std::uint64_t>(c - '0') * scale;
      scale /= 10;
    }
  } else if (!text.empty()) {
    return std::nullopt;
  }
  constexpr std::uint64_t kSecondsMax = 9'999'999'999;
  if (*whole < 100'000'000) return std::nullopt;
  if (*whole <= kSecondsMax) return *whole * 1'000'000 + fraction;
  if (*whole <= kSecondsMax * 1'000) return *whole * 1'000;
  if (*whole <= kSecondsMax * 1'000'000) return *whole;
  return std::nullopt;
}

void append_printable(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
      continue;
    }
    out += '#';
    for (const int shift : {6, 3, 0}) out += static_cast<char>('0' + (byte >> shift & 7));
  }
}

}  // namespace

const JsonLine::KeyName* JsonLine::find_key(std::string_view name) {
  static constexpr KeyName kKeys[] = {
      {"MESSAGE", kMessage, 0},
      {"message", kMessage, 0},
      {"msg", kMessage, 1},
      {"MSG", kMessage, 1},
      {"log", kMessage, 2},
      {"short_message", kMessage, 3},
      {"line", kMessage, 4},
      {"syslogtag", kTag, 0},
      {"syslog-tag", kTag, 0},
      {"syslog_tag", kTag, 0},
      {"SYSLOG_IDENTIFIER", kProgram, 0},
      {"programname", kProgram, 1},
      {"program", kProgram, 1},
      {"PROGRAM", kProgram, 1},
      {"appname", kProgram, 1},
      {"app-name", kProgram, 1},
      {"app_name", kProgram, 1},
      {"ident", kProgram, 2},
      {"syslog_program", kProgram, 2},
      {"_COMM", kProgram, 3},
      {"SYSLOG_PID", kPid, 0},
      {"_PID", kPid, 1},
      {"procid", kPid, 1},
      {"PID", kPid, 1},
      {"pid", kPid, 1},
      {"syslog_pid", kPid, 2},
      {"_HOSTNAME", kHost, 0},
      {"hostname", kHost, 1},
      {"host", kHost, 1},
      {"HOST", kHost, 1},
      {"sysloghost", kHost, 2},
      {"syslog_hostname", kHost, 2},
      {"fromhost", kHost, 3},
      {"timereported", kStamp, 0},
      {"ISODATE", kStamp, 0},
      {"timestamp", kStamp, 1},
      {"TIMESTAMP", kStamp, 1},
      {"@timestamp", kStamp, 2},
      {"time", kStamp, 3},
      {"timegenerated", kStamp, 4},
      {"DATE", kStamp, 4},
      {"date", kStamp, 4},
      {"_application_name", kProgram, 1},
      {"application_name", kProgram, 1},
      {"process.name", kProgram, 1},
      {"log.syslog.appname", kProgram, 1},
      {"_process_id", kPid, 1},
      {"process_id", kPid, 1},
      {"process.pid", kPid, 1},
      {"log.syslog.procid", kPid, 1},
      {"log.syslog.hostname", kHost, 0},
      {"host.hostname", kHost, 1},
      {"host.name", kHost, 2},
      {"_SOURCE_REALTIME_TIMESTAMP", kMicros, 0},
      {"__REALTIME_TIMESTAMP", kMicros, 1},
  };
  const auto* found = std::ranges::find(kKeys, name, &KeyName::name);
  return found == std::end(kKeys) ? nullptr : found;
}

bool JsonLine::read_value(std::string_view& rest, int depth) {
  constexpr int kDepthMax = 4;
  if (rest.empty()) return false;
  if (rest[0] == '{' && depth < kDepthMax) {
    const auto outer = path_.size();
    // What a search engine's answer puts around a record is no part of its names.
    if (path_.empty() && name_ == "_source") name_.clear();
    if (!name_.empty()) path_.append(name_).append(".");
    const bool read = read_members(rest, depth + 1);
    path_.resize(outer);
    return read;
  }
  const auto* key = find_key(path_.empty() ? name_ : path_ + name_);
  text_.clear();
  if (rest[0] == '"') {
    if (!take_string(rest, text_)) return false;
  } else if (rest[0] == '[' && key != nullptr && key->slot == kMessage) {
    auto left = rest;
    if (take_bytes(left, text_)) {
      rest = left;
    } else {
      text_.clear();
      return skip_nested(rest);
    }
  } else if (rest[0] == '{' || rest[0] == '[') {
    return skip_nested(rest);
  } else {
    const auto word = take_bare_word(rest);
    if (word.empty()) return false;
    const bool number = word[0] >= '0' && word[0] <= '9';
    if (number) text_.assign(word);
  }
  if (key == nullptr || text_.empty() || key->rank >= values_[key->slot].rank) return true;
  auto& value = values_[key->slot];
  value.text.swap(text_);
  value.rank = key->rank;
  return true;
}

bool JsonLine::read_members(std::string_view& rest, int depth) {
  if (!maybe_take(rest, '{')) return false;
  skip_space(rest);
  if (depth > 0 && maybe_take(rest, '}')) return true;
  for (;;) {
    skip_space(rest);
    if (!take_string(rest, name_)) return false;
    skip_space(rest);
    if (!maybe_take(rest, ':')) return false;
    skip_space(rest);
    if (!read_value(rest, depth)) return false;
    skip_space(rest);
    if (maybe_take(rest, ',')) continue;
    return maybe_take(rest, '}');
  }
}

// The whole line is one object.
bool JsonLine::read_object(std::string_view rest) {
  path_.clear();
  if (!read_members(rest, 0)) return false;
  skip_space(rest);
  return rest.empty();
}

void JsonLine::add_stamp() {
  if (const auto& micros = values_[kMicros].text; is_figures(micros)) {
    if (const auto at = maybe_read_epoch(micros)) line_ = stamp_of(*at) + ' ';
    return;
  }
  const auto& stamp = values_[kStamp].text;
  if (stamp.empty()) return;
  if (const auto at = maybe_read_epoch(stamp)) {
    line_ = stamp_of(*at);
  } else {
    append_printable(line_, stamp);
  }
  line_ += ' ';
}

// "host tag[pid]: ", or false when no key names who wrote it.
bool JsonLine::add_tag() {
  const auto word_of = [](std::string_view text, std::string_view ends) {
    return text.substr(0, text.find_first_of(ends));
  };
  std::string_view tag = values_[kTag].text;
  const auto program = word_of(has(kTag) ? tag : std::string_view(values_[kProgram].text), " :[");
  if (program.empty()) return false;
  tag.remove_prefix(std::min(tag.size(), program.size()));
  std::string_view pid;
  if (maybe_take(tag, '[')) pid = word_of(tag, "]");
  if (!is_figures(pid)) pid = values_[kPid].text;
  if (const auto host = word_of(values_[kHost].text, " :[]"); !host.empty()) {
    append_printable(line_, host);
    line_ += ' ';
  }
  append_printable(line_, program);
  line_ += '[';
  line_ += is_figures(pid) && pid.size() < 10 ? pid : std::string_view("0");
  line_ += "]: ";
  return true;
}

void JsonLine::add_message() {
  std::string_view text = values_[kMessage].text;
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  maybe_take(text, ' ');  // rsyslog's msg begins behind the tag's colon
  append_printable(line_, text);
}

std::optional<JsonLine::Unwrapped> JsonLine::unwrap(std::string_view line) {
  for (auto& value : values_) {
    value.text.clear();
    value.rank = 0xff;
  }
  line_.clear();
  maybe_take(line, '\x1e');
  if (!read_object(line) || !has(kMessage)) return std::nullopt;
  add_stamp();
  const bool tagged = add_tag();
  // A record of syslog's own shape needs no stamp of the shipper's.
  if (!tagged && values_[kMessage].text.starts_with('<')) line_.clear();
  const auto head = line_.size();
  add_message();
  return Unwrapped{line_, std::string_view(line_).substr(head), tagged};
}

}  // namespace rastro
