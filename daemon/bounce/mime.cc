#include "daemon/bounce/mime.h"

#include <gmime/gmime.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "core/address.h"
#include "daemon/answer/charset.h"
#include "daemon/answer/mail_header.h"
#include "daemon/bounce/input.h"
#include "daemon/times/times.h"

namespace rastro {
namespace {

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

std::string stream_bytes(GMimeDataWrapper* wrapper, std::size_t bytes_max, BounceCuts& cuts) {
  const Owned<GMimeStream> memory(g_mime_stream_mem_new());
  g_mime_data_wrapper_write_to_stream(wrapper, memory.get());
  const GByteArray* bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory.get()));
  const std::size_t kept = std::min<std::size_t>(bytes->len, bytes_max);
  cuts.text_bytes += bytes->len - kept;
  return {reinterpret_cast<const char*>(bytes->data), kept};
}

Owned<GMimeMessage> parse_message(const std::string& bytes) {
  const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
  const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  return Owned<GMimeMessage>(g_mime_parser_construct_message(parser.get(), nullptr));
}

class Reader {
 public:
  Reader(const BounceLimits& limits, BounceCuts& cuts)
      : limits_(limits), cuts_(cuts), text_left_(limits.text_bytes_max) {}

  Mail message(GMimeMessage* message, std::size_t depth) {
    Mail mail;
    add_headers(GMIME_OBJECT(message), mail);
    if (GMimeObject* body = g_mime_message_get_mime_part(message); body != nullptr) {
      // GMime keeps the MIME headers with the body.
      add_headers(body, mail);
      object(body, mail, depth);
    }
    return mail;
  }

 private:
  static void add_headers(GMimeObject* object, Mail& mail) {
    GMimeHeaderList* list = g_mime_object_get_header_list(object);
    const int count = g_mime_header_list_get_count(list);
    for (int i = 0; i < count; ++i) {
      GMimeHeader* header = g_mime_header_list_get_header_at(list, i);
      const char* name = g_mime_header_get_name(header);
      const char* raw = g_mime_header_get_raw_value(header);
      if (name == nullptr || raw == nullptr) continue;
      mail.headers.push_back({name, decode_header(raw)});
    }
  }

  void object(GMimeObject* object, Mail& mail, std::size_t depth) {
    if (++parts_ > limits_.parts_max || depth > limits_.depth_max) {
      ++cuts_.parts;
      return;
    }
    if (GMIME_IS_MULTIPART(object)) {
      multipart(GMIME_MULTIPART(object), mail, depth);
    } else if (GMIME_IS_MESSAGE_PART(object)) {
      GMimeMessage* inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
      if (inner != nullptr) enclosed_message(inner, mail, depth);
    } else if (GMIME_IS_PART(object)) {
      if (!attached_message(GMIME_PART(object), mail, depth)) leaf(GMIME_PART(object), mail);
    }
  }

  void multipart(GMimeMultipart* multi, Mail& mail, std::size_t depth) {
    GMimeContentType* type = g_mime_object_get_content_type(GMIME_OBJECT(multi));
    if (g_mime_content_type_is_type(type, "multipart", "report") != 0) mail.report = true;
    // What stands in front of the first boundary: in a paste, the text itself.
    if (const char* before = g_mime_multipart_get_prologue(multi); before != nullptr)
      add_text("text/x-prologue", to_utf8(before, ""), mail);
    const int count = g_mime_multipart_get_count(multi);
    for (int i = 0; i < count; ++i) object(g_mime_multipart_get_part(multi, i), mail, depth + 1);
  }

  // Some put blank lines in front of the header of what they return.
  void enclosed_message(GMimeMessage* inner, Mail& mail, std::size_t depth) {
    auto made = message(inner, depth + 1);
    if (made.headers.empty() && made.parts.size() == 1) {
      auto text = made.parts.front().text;
      text.erase(0, std::min(text.find_first_not_of("\r\n"), text.size()));
      const auto again = starts_with_headers(text) ? parse_message(text) : nullptr;
      if (again != nullptr) made = message(again.get(), depth + 1);
    }
    mail.enclosed.push_back(std::move(made));
  }

  // A message that a mail program attached as a file, or packed although it must not be.
  bool attached_message(GMimePart* part, Mail& mail, std::size_t depth) {
    GMimeContentType* type = g_mime_object_get_content_type(GMIME_OBJECT(part));
    const char* file = g_mime_part_get_filename(part);
    GMimeDataWrapper* content = g_mime_part_get_content(part);
    const bool named = file != nullptr && ascii_lower(file).ends_with(".eml");
    if (!named && g_mime_content_type_is_type(type, "message", "rfc822") == 0) return false;
    if (content == nullptr || text_left_ == 0) return false;
    // What was packed has not gone through bound_input() yet.
    const auto bytes = bound_input(stream_bytes(content, text_left_, cuts_), limits_, cuts_);
    if (!starts_with_headers(bytes)) return false;
    text_left_ -= std::min(text_left_, bytes.size());
    const auto inner = parse_message(bytes);
    if (inner != nullptr) mail.enclosed.push_back(message(inner.get(), depth + 1));
    return inner != nullptr;
  }

  void leaf(GMimePart* part, Mail& mail) {
    GMimeContentType* type = g_mime_object_get_content_type(GMIME_OBJECT(part));
    // A boundary that went wrong: the returned message stands as headers of a part.
    if (g_mime_object_get_header(GMIME_OBJECT(part), "Received") != nullptr)
      add_headers(GMIME_OBJECT(part), mail.enclosed.emplace_back());
    const auto name = ascii_lower(std::string(g_mime_content_type_get_media_type(type)) + "/" +
                                  g_mime_content_type_get_media_subtype(type));
    if (!name.starts_with("text/") && !name.starts_with("message/")) return;
    if (name.find("delivery-status") != std::string::npos) mail.report = true;
    GMimeDataWrapper* content = g_mime_part_get_content(part);
    if (content == nullptr || text_left_ == 0) return;
    const char* charset = g_mime_content_type_get_parameter(type, "charset");
    add_text(name,
             to_utf8(stream_bytes(content, text_left_, cuts_), charset != nullptr ? charset : ""),
             mail);
  }

  void add_text(std::string type, std::string text, Mail& mail) {
    if (text.size() > text_left_) {
      cuts_.text_bytes += text.size() - text_left_;
      text.resize(text_left_);
      text = clean_utf8(text.data(), text.size());
    }
    text_left_ -= std::min(text_left_, text.size());
    mail.parts.push_back({std::move(type), std::move(text)});
  }

  const BounceLimits& limits_;
  BounceCuts& cuts_;
  std::size_t text_left_;
  std::size_t parts_ = 0;
};

}  // namespace

std::string_view header_value(const std::vector<MailHeader>& headers, std::string_view name) {
  const auto found = std::ranges::find_if(
      headers, [&](const MailHeader& header) { return equal_ignoring_case(header.name, name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

Mail read_mail(const std::string& bytes, const BounceLimits& limits, BounceCuts& cuts) {
  init_gmime();
  const auto message = parse_message(bytes);
  if (message == nullptr) return {};
  return Reader(limits, cuts).message(message.get(), 0);
}

namespace {

// How far east of UTC a zone is by its name; those of GMime's own (GMT, EST, ...) are left to it,
// and names that several countries use for different times are not known.
std::optional<int> minutes_east_of(std::string_view name) {
  static constexpr std::pair<std::string_view, int> kNames[] = {
      {"wet", 0},    {"west", 60},  {"cet", 60},   {"cest", 120}, {"met", 60},
      {"mez", 60},   {"mest", 120}, {"mesz", 120}, {"eet", 120},  {"eest", 180},
      {"msk", 180},  {"art", -180}, {"brt", -180}, {"uyt", -180}, {"clst", -180},
      {"clt", -240}, {"bot", -240}, {"vet", -240}, {"cot", -300}, {"pet", -300}};
  const auto found =
      std::ranges::find(kNames, ascii_lower(name), [](const auto& known) { return known.first; });
  return found == std::end(kNames) ? std::nullopt : std::optional(found->second);
}

// The zone behind the clock, taken out of the text: what GMime reads is UTC then.
struct DateZone {
  std::string text;
  bool named = false;               // by GMime's own reading too
  std::optional<int> minutes_east;  // what GMime would not know
};
DateZone split_zone(std::string_view text) {
  static const RE2 form(
      R"((?i)\b\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]\.? ?m\.?)?( *\(?(?:(?:gmt|utc|ut) ?([+-])(\d{1,2}):?(\d{2})?|([a-z]{2,5})|(z|[+-]\d{4}))?\)?))");
  DateZone out;
  out.text = text;
  re2::StringPiece zone;
  re2::StringPiece sign;
  re2::StringPiece hours;
  re2::StringPiece minutes;
  re2::StringPiece name;
  re2::StringPiece usual;
  if (!RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), form, &zone, &sign, &hours,
                         &minutes, &name, &usual)) {
    out.named = true;
    return out;
  }
  const auto number = [](re2::StringPiece digits) {
    int value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  };
  if (!sign.empty()) {
    out.minutes_east = (sign == "-" ? -1 : 1) * (number(hours) * 60 + number(minutes));
  } else if (!name.empty()) {
    out.minutes_east = minutes_east_of({name.data(), name.size()});
  }
  // "10:12 Uhr" names none.
  const bool abbreviated =
      name.size() > 2 && std::ranges::all_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
  out.named = out.minutes_east || abbreviated || !usual.empty() || name == "UT";
  if (out.minutes_east)
    out.text.replace(static_cast<std::size_t>(zone.data() - text.data()), zone.size(), " ");
  return out;
}

}  // namespace

std::optional<Time> parse_mail_date(std::string_view text, const Zone* zone) {
  constexpr std::size_t kDateMax = 200;
  init_gmime();
  const auto split = split_zone(text.substr(0, kDateMax));
  GDateTime* date = g_mime_utils_header_decode_date(split.text.c_str());
  if (date == nullptr) return std::nullopt;
  const auto seconds = g_date_time_to_unix(date);
  g_date_time_unref(date);
  // The epoch itself is what a date that says nothing is read as.
  if (seconds <= 0) return std::nullopt;
  const Time at{std::chrono::seconds(seconds)};
  if (split.minutes_east) return at - std::chrono::minutes(*split.minutes_east);
  if (split.named || zone == nullptr) return at;
  return zone->to_utc(Zone::Local(at.time_since_epoch()));
}

std::string decode_base64(std::string_view text) {
  std::string out(text.size() + 4, '\0');
  int state = 0;
  guint32 save = 0;
  const auto size = g_mime_encoding_base64_decode_step(
      reinterpret_cast<const unsigned char*>(text.data()), text.size(),
      reinterpret_cast<unsigned char*>(out.data()), &state, &save);
  out.resize(size);
  return out;
}

std::string decode_quoted_printable(std::string_view text) {
  std::string out(text.size() + 4, '\0');
  int state = 0;
  guint32 save = 0;
  const auto size = g_mime_encoding_quoted_decode_step(
      reinterpret_cast<const unsigned char*>(text.data()), text.size(),
      reinterpret_cast<unsigned char*>(out.data()), &state, &save);
  out.resize(size);
  return out;
}

}  // namespace rastro
