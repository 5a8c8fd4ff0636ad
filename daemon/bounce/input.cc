#include "daemon/bounce/input.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "core/address.h"
#include "daemon/answer/charset.h"
#include "daemon/bounce/lines.h"
#include "daemon/bounce/links.h"
#include "daemon/bounce/mime.h"

namespace rastro {
namespace {

constexpr std::size_t kBoundaryLinesMax = 5'000;

bool is_utf16(std::string_view input) {
  if (input.starts_with("\xff\xfe") || input.starts_with("\xfe\xff")) return true;
  const auto head = input.substr(0, 200);
  return head.size() >= 20 &&
         static_cast<std::size_t>(std::ranges::count(head, '\0')) * 5 > head.size() * 2;
}

std::string from_utf16(std::string_view input) {
  if (input.starts_with("\xff\xfe")) return to_utf8(input.substr(2), "utf-16le");
  if (input.starts_with("\xfe\xff")) return to_utf8(input.substr(2), "utf-16be");
  return to_utf8(input, input[0] == '\0' ? "utf-16be" : "utf-16le");
}

class Bounder {
 public:
  Bounder(const BounceLimits& limits, BounceCuts& cuts) : limits_(limits), cuts_(cuts) {}

  std::string run(std::string_view input) {
    out_.reserve(input.size());
    while (!input.empty()) {
      auto rest = input;
      if (!add(take_line(rest))) {
        cuts_.input_bytes += input.size();
        break;
      }
      input = rest;
    }
    return std::move(out_);
  }

 private:
  // LF, CR LF and a lone CR all end a line.
  static std::string_view take_line(std::string_view& rest) {
    const auto end = rest.find_first_of("\r\n");
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (end != std::string_view::npos && rest.data()[-1] == '\r' && rest.starts_with('\n'))
      rest.remove_prefix(1);
    return line;
  }

  // False: a limit is reached, and nothing behind is read.
  bool add(std::string_view line) {
    if (line.empty()) header_bytes_ = 0;
    if (line.starts_with("--") && ++boundaries_ > kBoundaryLinesMax) return false;
    const bool continued = header_bytes_ != 0 && (line.starts_with(' ') || line.starts_with('\t'));
    if (header_name_length(line) != 0) {
      if (++headers_ > limits_.header_lines_max) return false;
      if (is_header(line, "content-type") && ++types_ > 2 * limits_.parts_max) return false;
      header_bytes_ = 1;
    }
    if (header_bytes_ != 0 && (continued || header_bytes_ == 1)) {
      const auto room =
          limits_.header_bytes_max - std::min(header_bytes_, limits_.header_bytes_max);
      if (line.size() > room) {
        ++cuts_.header_lines;
        line = line.substr(0, room);
        if (line.empty()) return true;
      }
      header_bytes_ += line.size();
    }
    for (const char c : line) {
      if (c != '\0') out_.push_back(c);
    }
    out_.push_back('\n');
    return true;
  }

  const BounceLimits& limits_;
  BounceCuts& cuts_;
  std::string out_;
  std::size_t boundaries_ = 0;
  std::size_t headers_ = 0;
  std::size_t types_ = 0;
  std::size_t header_bytes_ = 0;  // of the header being read; 0: none
};

// Copied from a page's source or a ticket system: "&lt;ana@example.org&gt;", and no "<" that
// belongs to an address or to a page.
bool is_escaped(std::string_view text) {
  constexpr std::size_t kHead = 64'000;
  const auto head = text.substr(0, kHead);
  if (head.find("&lt;") == std::string_view::npos || head.find("&gt;") == std::string_view::npos)
    return false;
  if (head.find('<') == std::string_view::npos) return true;
  static const RE2 used(
      R"((?i)<(?:[^\s<>]{1,64}@[^\s<>]{1,255}>|/?(?:html|body|head|div|p|table|t[rd]|span|!doctype)\b))");
  static const RE2 escaped(R"(&lt;[^\s<>&;]{1,64}@[^\s<>&;]{1,255}&gt;)");
  return RE2::PartialMatch(head, escaped) && !RE2::PartialMatch(head, used);
}

std::string without_entities(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 7> kEntities = {{{"&lt;", '<'},
                                                                           {"&gt;", '>'},
                                                                           {"&quot;", '"'},
                                                                           {"&#39;", '\''},
                                                                           {"&apos;", '\''},
                                                                           {"&nbsp;", ' '},
                                                                           {"&amp;", '&'}}};
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto plain = std::min(text.find('&'), text.size());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto entity =
        std::ranges::find_if(kEntities, [&](const auto& e) { return text.starts_with(e.first); });
    const bool found = entity != kEntities.end();
    out.push_back(found ? entity->second : '&');
    text.remove_prefix(found ? entity->first.size() : 1);
  }
  return out;
}

// ">>> RCPT TO:<a>" is a mail server's, "> > text" a mail program's.
bool is_transcript(std::string_view line) {
  if (!line.starts_with(">>> ")) return false;
  constexpr std::array kVerbs = {"RCPT", "MAIL", "DATA", "EHLO", "HELO", "LHLO",
                                 "QUIT", "RSET", "AUTH", "BDAT", "STAR", "."};
  const auto verb = line.substr(4);
  return std::ranges::any_of(kVerbs, [&](std::string_view known) {
    return verb.size() >= known.size() && equal_ignoring_case(verb.substr(0, known.size()), known);
  });
}

std::string_view strip_quotes(std::string_view line) {
  auto left = line;
  while (!left.empty()) {
    auto next = left;
    while (next.starts_with(' ')) next.remove_prefix(1);
    if (is_transcript(next)) break;
    if (!next.starts_with('>') && !next.starts_with("| ")) break;
    next.remove_prefix(1);
    left = next;
  }
  if (left.size() != line.size() && left.starts_with(' ')) left.remove_prefix(1);
  return left;
}

std::size_t common_indent(const std::vector<std::string_view>& lines) {
  std::size_t least = std::string_view::npos;
  for (const auto line : lines) {
    const auto indent = line.find_first_not_of(" \t");
    if (indent != std::string_view::npos) least = std::min(least, indent);
  }
  return least == std::string_view::npos ? 0 : least;
}

// Where the first line stands that opens a MIME part, and its boundary.
struct Boundary {
  std::size_t at = 0;
  std::string name;
};
std::optional<Boundary> find_boundary(std::string_view text) {
  std::size_t at = 0;
  std::string_view before;
  std::size_t before_at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    if (before.size() > 4 && before.starts_with("--") && !before.ends_with("--") &&
        before.find(' ') == std::string_view::npos && ascii_lower(line.substr(0, 8)) == "content-")
      return Boundary{before_at, std::string(before.substr(2))};
    before = line;
    before_at = at;
    at = end + 1;
  }
  return std::nullopt;
}

// Where a whole message begins inside of a text: a run of headers that says how its body is packed.
std::size_t find_embedded_message(std::string_view text) {
  std::size_t run_at = 0, at = 0, known = 0;
  bool packed = false;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    const bool header = header_name_length(line) != 0;
    if (header || (known > 0 && (line.starts_with(' ') || line.starts_with('\t')))) {
      if (header && known++ == 0) run_at = at;
      const auto lower = ascii_lower(line.substr(0, 100));
      packed =
          packed ||
          (lower.starts_with("content-type:") && lower.find("multipart/") != std::string::npos) ||
          (lower.starts_with("content-transfer-encoding:") &&
           (lower.find("base64") != std::string::npos ||
            lower.find("quoted") != std::string::npos));
    } else {
      if (packed && known >= 3) return run_at;
      known = 0;
      packed = false;
    }
    at = end + 1;
  }
  return std::string_view::npos;
}

bool is_base64(std::string_view line) {
  return line.size() >= 4 && std::ranges::all_of(line, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '+' || c == '/' || c == '=';
         });
}

bool is_text(std::string_view bytes) {
  const auto head = bytes.substr(0, 400);
  return !head.empty() && std::ranges::none_of(head, [](char c) {
    return (c >= 0 && c < ' ' && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
  });
}

// Quoted-printable that lost the header which says so: soft line breaks give it away.
bool is_quoted_printable(std::string_view text) {
  std::size_t breaks = 0;
  std::size_t escapes = 0;
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
  for (std::size_t at = text.find('='); at != std::string_view::npos && at + 2 < text.size();
       at = text.find('=', at + 1)) {
    // A line of "=====" is no soft break, nor the end of "=?UTF-8?Q?Confirmaci=C3=B3n?=".
    breaks += text[at + 1] == '\n' && (at == 0 || (text[at - 1] != '=' && text[at - 1] != '?'));
    escapes += is_hex(text[at + 1]) && is_hex(text[at + 2]) ? 1 : 0;
  }
  return breaks >= 1 && breaks + escapes >= 3;
}

// Text that was pasted as it travelled, decoded. Lines of base64 are decoded where they give text.
std::string decode_raw(std::string_view text) {
  constexpr std::size_t kFullLine = 56;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at, lines = 0, longest = 0;
    while (end < text.size()) {
      const auto stop = std::min(text.find('\n', end), text.size());
      const auto line = trim(text.substr(end, stop - end));
      if (!is_base64(line)) break;
      longest = std::max(longest, line.size());
      ++lines;
      end = std::min(stop + 1, text.size());
    }
    if (lines != 0 && longest >= kFullLine) {
      const auto bytes = decode_base64(text.substr(at, end - at));
      out += is_text(bytes) ? to_utf8(bytes, "") : std::string(text.substr(at, end - at));
    } else if (lines != 0) {
      out += text.substr(at, end - at);
    } else {
      end = std::min(text.find('\n', at), text.size() - 1) + 1;
      out += text.substr(at, end - at);
    }
    at = end;
  }
  return is_quoted_printable(out) ? to_utf8(decode_quoted_printable(out), "") : out;
}

// Whether every line break of a paste was doubled: odd numbers of blank lines only.
bool is_doubled(std::string_view text) {
  constexpr std::size_t kHead = 16 * 1024;
  std::size_t single = 0, more = 0, blanks = 0;
  bool begun = false;
  for (const auto& line : split_lines(text.substr(0, kHead))) {
    if (line.text.empty()) {
      ++blanks;
      continue;
    }
    if (begun && blanks % 2 == 0) return false;
    single += blanks == 1 ? 1 : 0;
    more += blanks > 1 ? 1 : 0;
    begun = true;
    blanks = 0;
  }
  return single >= 10 && more >= 2;
}

// A message that lost its blank lines on the way gets those back that end its headers.
class BlankLines {
 public:
  static bool are_lost(std::string_view text) {
    constexpr std::size_t kLinesMin = 12, kHead = 16 * 1024;
    const auto head = trim(text.substr(0, kHead));
    return std::ranges::count(head, '\n') >= static_cast<std::ptrdiff_t>(kLinesMin) &&
           head.find("\n\n") == std::string_view::npos && header_name_length(head) != 0;
  }

  std::string restore(std::string_view text) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size() - 1);
      add(text.substr(0, end + 1));
      text.remove_prefix(end + 1);
    }
    return std::move(out_);
  }

 private:
  enum class State : std::uint8_t { headers, part_headers, body };

  void add(std::string_view line) {
    if (line.starts_with("--") && line.size() > 6 && line.find(' ') == std::string_view::npos) {
      if (state_ != State::body) out_.push_back('\n');
      state_ = State::part_headers;
      encloses_ = false;
    } else if (state_ != State::body && !is_continued(line)) {
      const auto lower = ascii_lower(line.substr(0, 60));
      const bool of_part = lower.starts_with("content-") || lower.starts_with("mime-");
      const bool goes_on = header_name_length(line) != 0 && (of_part || state_ == State::headers);
      if (of_part && lower.find("message/rfc822") != std::string::npos &&
          state_ == State::part_headers)
        encloses_ = true;
      if (!goes_on) {
        out_.push_back('\n');
        const bool inner = encloses_ && header_name_length(line) != 0;
        state_ = inner ? State::headers : State::body;
        encloses_ = false;
      }
    }
    out_.append(line);
  }

  static bool is_continued(std::string_view line) {
    return line.starts_with(' ') || line.starts_with('\t');
  }

  std::string out_;
  State state_ = State::headers;
  bool encloses_ = false;
};

Mail plain(std::string_view text, const BounceLimits& limits, BounceCuts& cuts) {
  Mail mail;
  auto kept = decode_raw(to_utf8(text.substr(0, limits.text_bytes_max), ""));
  cuts.text_bytes += text.size() - std::min(text.size(), limits.text_bytes_max);
  mail.parts.push_back({"text/plain", std::move(kept)});
  return mail;
}

// A paste that begins at a boundary gets the header which it lost.
Mail from_boundary(std::string_view text, const Boundary& boundary, const BounceLimits& limits,
                   BounceCuts& cuts) {
  std::string made = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"";
  for (const char c : boundary.name) {
    if (c == '"' || c == '\\') made.push_back('\\');
    made.push_back(c);
  }
  made += "\"\n\n";
  made += text;
  return read_mail(made, limits, cuts);
}

Mail read_paste(std::string_view given, const BounceLimits& limits, BounceCuts& cuts) {
  auto text = unquote(given);
  if (BlankLines::are_lost(text)) text = BlankLines().restore(text);
  if (starts_with_headers(text)) return read_mail(text, limits, cuts);
  const auto embedded = find_embedded_message(text);
  const auto boundary = find_boundary(text);
  if (embedded != std::string::npos && (!boundary || embedded < boundary->at)) {
    auto mail = plain(std::string_view(text).substr(0, embedded), limits, cuts);
    mail.enclosed.push_back(read_mail(text.substr(embedded), limits, cuts));
    return mail;
  }
  if (boundary) return from_boundary(text, *boundary, limits, cuts);
  return plain(text, limits, cuts);
}

// Text parts may hold a bounce that somebody pasted, or that lost its structure on the way.
void expand_pastes(Mail& mail, const BounceLimits& limits, BounceCuts& cuts, std::size_t depth) {
  if (depth > 3) return;
  for (auto& inner : mail.enclosed) expand_pastes(inner, limits, cuts, depth + 1);
  std::vector<MailPart> parts;
  for (auto& part : mail.parts) {
    if (part.type != "text/plain" && part.type != "text/x-prologue") {
      parts.push_back(std::move(part));
      continue;
    }
    auto text = unquote(part.text);
    if (find_embedded_message(text) == std::string::npos && !find_boundary(text)) {
      parts.push_back({std::move(part.type), decode_raw(text)});
      continue;
    }
    auto found = read_paste(text, limits, cuts);
    mail.report = mail.report || found.report;
    std::ranges::move(found.parts, std::back_inserter(parts));
    std::ranges::move(found.enclosed, std::back_inserter(mail.enclosed));
  }
  mail.parts = std::move(parts);
}

}  // namespace

std::string bound_input(std::string_view input, const BounceLimits& limits, BounceCuts& cuts) {
  std::string converted;
  if (is_utf16(input)) {
    converted = from_utf16(input.substr(0, limits.input_bytes_max));
    input = converted;
  }
  if (input.starts_with("\xef\xbb\xbf")) input.remove_prefix(3);
  if (input.size() > limits.input_bytes_max) {
    cuts.input_bytes += input.size() - limits.input_bytes_max;
    input = input.substr(0, limits.input_bytes_max);
  }
  return Bounder(limits, cuts).run(input);
}

std::string unquote(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(strip_quotes(text.substr(at, end - at)));
    at = end + 1;
  }
  const auto indent = common_indent(lines);
  std::string out;
  out.reserve(text.size());
  for (auto line : lines) {
    line.remove_prefix(std::min(indent, line.size()));
    out.append(line);
    out.push_back('\n');
  }
  return out;
}

bool starts_with_headers(std::string_view text) {
  std::size_t headers = 0, known = 0;
  bool begun = false;
  constexpr std::array kKnown = {"from",
                                 "to",
                                 "subject",
                                 "date",
                                 "received",
                                 "return-path",
                                 "message-id",
                                 "mime-version",
                                 "content-type",
                                 "delivered-to",
                                 "x-failed-recipients"};
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    at = end + 1;
    if (line.find_first_not_of(" \t") == std::string_view::npos) {
      if (begun) break;
      continue;
    }
    begun = true;
    if (line.starts_with(' ') || line.starts_with('\t')) continue;
    if (headers == 0 && (line.starts_with("From ") || line.starts_with(">From "))) continue;
    const auto length = header_name_length(line);
    if (length == 0) return false;
    // The fields of a report stand in its body, whatever was pasted directly below them.
    for (const auto* field : {"final-recipient", "original-recipient", "diagnostic-code"}) {
      if (is_header(line, field)) return false;
    }
    ++headers;
    known += std::ranges::any_of(kKnown, [&](const char* name) { return is_header(line, name); });
  }
  return headers >= 2 && known >= 2;
}

Mail read_input(std::string_view input, const BounceLimits& limits, BounceCuts& cuts) {
  auto text = bound_input(input, limits, cuts);
  const auto begin = text.find_first_not_of(" \t\n");
  if (begin == std::string::npos) return {};
  // A paste may begin in the middle of a header, or with the mark that a mailbox file sets.
  text.erase(0, text.rfind('\n', begin) + 1);
  while (text.starts_with("From ") || text.starts_with(">From ")) {
    const auto end = text.find('\n');
    text.erase(0, end == std::string::npos ? text.size() : end + 1);
  }
  text = without_links(std::move(text), limits.notice_bytes_max);
  if (is_escaped(text)) text = without_entities(text);
  if (is_doubled(text)) text = single_spaced(std::move(text));
  if (BlankLines::are_lost(text)) text = BlankLines().restore(text);
  if (starts_with_headers(text)) {
    while (text.starts_with(' ') || text.starts_with('\t')) {
      const auto end = text.find('\n');
      text.erase(0, end == std::string::npos ? text.size() : end + 1);
    }
  }
  auto mail =
      starts_with_headers(text) ? read_mail(text, limits, cuts) : read_paste(text, limits, cuts);
  expand_pastes(mail, limits, cuts, 0);
  return mail;
}

}  // namespace rastro
