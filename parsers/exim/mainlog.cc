#include <array>

#include "core/ascii.h"
#include "parsers/exim/exim.h"
#include "parsers/exim/fields.h"
#include "parsers/exim/line.h"
#include "parsers/exim/split_records.h"
#include "parsers/scan.h"

namespace rastro {
namespace {

using exim::Line;

// "2026-11-24 02:01:01[.123][ +0100] ", as it stands inside a syslog record.
void skip_stamp(std::string_view& text) {
  constexpr std::string_view kShape = "0000-00-00 00:00:00";
  if (text.size() <= kShape.size() || !is_digit(text[0])) return;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == '0' ? !is_digit(text[i]) : text[i] != kShape[i]) return;
  }
  auto rest = text.substr(kShape.size());
  if (rest.size() > 4 && rest[0] == '.' && is_digit(rest[1])) rest.remove_prefix(4);
  if (rest.size() > 6 && rest[0] == ' ' && (rest[1] == '+' || rest[1] == '-') && rest[6] == ' ' &&
      is_digit(rest[2])) {
    rest.remove_prefix(6);
  }
  if (maybe_take(rest, ' ')) text = rest;
}

// "[540] ": log_selector +pid.
void skip_pid(std::string_view& text) {
  auto rest = text;
  if (maybe_take(rest, '[') && maybe_take_number(rest) && maybe_take(rest, "] ")) text = rest;
}

ParsedLine parse(const Line& line) {
  if (!line.queue_id.empty()) {
    if (line.text == "Completed") return exim::parse_queue_line(line);  // each message's last line
    if (line.text.size() > 3 && line.text[2] == ' ') {
      const bool arrival = line.text[1] == '=' && line.text[0] != '=';
      return first_reading(
          std::array{arrival ? exim::parse_arrival : exim::parse_delivery, exim::parse_dialogue,
                     exim::parse_queue_line, exim::parse_service_line},
          line);
    }
  }
  return first_reading(
      std::array{exim::parse_dialogue, exim::parse_queue_line, exim::parse_service_line}, line);
}

ParsedLine parse_in_turn(Line& line) {
  auto out = parse(line);
  // Only a client behind a HELO name can be read in more than one way.
  if (out.kind != LineKind::unrecognised || line.text.find(") [") == std::string_view::npos) {
    return out;
  }
  for (line.reading = 1; line.reading < exim::kReadingsMax; ++line.reading) {
    out = parse(line);
    if (out.kind != LineKind::unrecognised) break;
  }
  return out;
}

// A record without its end: what stands in front of the word it was cut in, which may be half an
// address.
ParsedLine parse_cut(Line& line) {
  constexpr int kWordsMax = 40;
  for (int i = 0; i < kWordsMax; ++i) {
    const auto blank = line.text.rfind(' ');
    if (blank == std::string_view::npos) break;
    line.text = line.text.substr(0, blank);
    line.reading = 0;
    auto out = parse_in_turn(line);
    if (out.kind != LineKind::unrecognised) return out;
  }
  return {};
}

Line line_of(std::string_view text) {
  skip_stamp(text);
  skip_pid(text);
  Line line;
  if (const auto id = exim::maybe_take_message_id(text)) line.queue_id = *id;
  line.text = text;
  return line;
}

}  // namespace

Event what_is_known_of_exim(std::string_view text) {
  const bool piece = maybe_take_exim_piece(text).has_value();
  return piece ? Event() : exim::what_is_known_of_delivery(line_of(text));
}

ParsedLine parse_exim(const LineHeader& /*header*/, std::string_view text) {
  const auto piece = maybe_take_exim_piece(text);
  if (exim::is_reject_header(text)) return {LineKind::exim_reject_header, std::monostate{}};
  // What the main log's line says begins in the first piece; see EximSplitRecords.
  if (piece && piece->number > 1) return {LineKind::known_ignored, {}};
  auto line = line_of(text);
  return piece && !piece->line_end ? parse_cut(line) : parse_in_turn(line);
}

}  // namespace rastro
