#include "daemon/line_pipeline.h"

#include <algorithm>
#include <utility>

#include "core/varint.h"
#include "parsers/exim/exim.h"
#include "parsers/nested_record.h"
#include "parsers/scan.h"

namespace rastro {
namespace {

// In the table `pending`.
constexpr std::string_view kRefusalPrefix = "refusal:";
constexpr std::string_view kPiecesKey = "pieces:";

std::string key_of_refusal(std::uint32_t source) {
  return std::string(kRefusalPrefix) + std::to_string(source);
}

// One folded line may stand for many; applying it more often than this tells nothing new.
constexpr std::uint32_t kRepeatsApplied = 100;

bool take_header_of(LineFormat format, LineOrigin& origin, std::string_view& text,
                    LineHeader& header) {
  switch (format) {
    case LineFormat::syslog:
      return maybe_take_syslog_header(text, origin.stamps, header);
    case LineFormat::exim:
      return maybe_take_exim_stamp(text, origin.stamps, header);
    case LineFormat::unknown:
      break;
  }
  return false;
}

// A line in a JSON object. Its message may be a whole line with a stamp of its own, which tells the
// format; without one it is some program's chatter, and tells nothing.
bool take_header_in_json(LineOrigin& origin, std::string_view& text, LineHeader& header) {
  const auto unwrapped = origin.json.unwrap(text);
  if (!unwrapped) return false;
  auto format = unwrapped->tagged ? LineFormat::syslog : origin.format;
  if (format == LineFormat::unknown) {
    origin.format = detect_format(unwrapped->text);
    format = origin.format == LineFormat::unknown ? LineFormat::syslog : origin.format;
  }
  auto line = unwrapped->line;
  if (unwrapped->text.empty()) text = {};
  if (!take_header_of(format, origin, line, header)) return false;
  text = line;
  return true;
}

bool take_header_in_paste(LineOrigin& origin, std::string_view& text, LineHeader& header) {
  const auto unwrapped = origin.pasted.unwrap(text);
  if (!unwrapped) return false;
  if (origin.format == LineFormat::unknown) origin.format = detect_format(*unwrapped);
  auto line = *unwrapped;
  if (!take_header_of(origin.format, origin, line, header)) return false;
  text = line;
  return true;
}

// "> > ", "| ", the blanks of a code block: what a mail or a ticket puts in front of a line.
std::string_view without_quote_marks(std::string_view line) {
  const auto at = line.find_first_not_of("> |\t");
  return at == std::string_view::npos ? std::string_view() : line.substr(at);
}
bool begins_with_quote_mark(std::string_view line) {
  return line.starts_with('>') || line.starts_with('|');
}

bool take_header_in_quote(LineOrigin& origin, std::string_view& text, LineHeader& header) {
  // Exim's reject log indents what a stranger wrote.
  if (origin.format == LineFormat::exim && !begins_with_quote_mark(text)) return false;
  auto line = without_quote_marks(text);
  if (line.empty() || line.size() == text.size()) return false;
  if (origin.format == LineFormat::unknown) origin.format = detect_format(line);
  if (!take_header_of(origin.format, origin, line, header)) return false;
  text = line;
  return true;
}

bool take_header(LineOrigin& origin, std::string_view& text, LineHeader& header) {
  if (JsonLine::may_be(text)) return take_header_in_json(origin, text, header);
  if (origin.format == LineFormat::unknown) origin.format = detect_format(text);
  if (take_header_of(origin.format, origin, text, header)) return true;
  switch (origin.manner) {
    case LineOrigin::Manner::own:
      break;
    case LineOrigin::Manner::pasted:
      return take_header_in_paste(origin, text, header);
    case LineOrigin::Manner::quoted:
      return take_header_in_quote(origin, text, header);
    case LineOrigin::Manner::bare:
      return maybe_take_bare_tag(text, origin.stamps, header);
  }
  return false;
}

// As a mail server begins what it says of a message: what a stranger wrote is further behind.
// "4Zx1Yc3Qbmz9rxG: to=&lt;", "NOQUEUE: reject: ...; from=&lt;", "1tFxyz-000123-AB &lt;= ".
bool is_of_a_page(std::string_view text) {
  if (text.starts_with("NOQUEUE: reject: "))
    return text.find("; from=&lt;") != std::string_view::npos;
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos) return false;
  auto word = text.substr(0, blank);
  const auto behind = text.substr(blank + 1);
  if (is_exim_message_id(word)) return behind.starts_with("&lt;= ") || behind.starts_with("=&gt; ");
  if (!word.ends_with(':')) return false;
  word.remove_suffix(1);
  return is_postfix_queue_id(word) &&
         (behind.starts_with("from=&lt;") || behind.starts_with("to=&lt;"));
}

// "4Zx1Yc3Qbmz9rxG: text" of Postfix, "1tFxyz-000123-AB text" of Exim, or empty.
std::string_view message_named_in_front(Mta mta, std::string_view text) {
  constexpr std::size_t kIdBytesMax = 32;
  const auto blank = text.substr(0, kIdBytesMax).find(' ');
  if (blank == std::string_view::npos) return {};
  auto word = text.substr(0, blank);
  if (mta == Mta::exim) return is_exim_message_id(word) ? word : std::string_view();
  if (!word.ends_with(':')) return {};
  word.remove_suffix(1);
  return is_postfix_queue_id(word) ? word : std::string_view();
}

// What of a source's lines is quoted. Where not all of them are, the marks tell; blanks alone do so
// only where nothing else stands between, for a program may indent what a stranger wrote.
class QuotedLines {
 public:
  void look_at(std::string_view line, LineFormat format) {
    if (format != LineFormat::unknown) return;
    const auto inside = without_quote_marks(line);
    const bool quoted = inside.size() < line.size() && detect_format(inside) != LineFormat::unknown;
    if (!quoted) {
      others_ += inside.starts_with("```") ? 0 : 1;
    } else if (begins_with_quote_mark(line)) {
      ++marked_;
    } else {
      exim_ = exim_ || detect_format(inside) == LineFormat::exim;
      ++indented_;
    }
  }
  bool any() const { return marked_ > 0 || (indented_ > 0 && others_ == 0 && !exim_); }
  // A code block below a sentence: no line stands at the margin as a log has it.
  bool is_block() const { return indented_ > 0 && indented_ >= others_; }

 private:
  std::size_t marked_ = 0;
  std::size_t indented_ = 0;
  std::size_t others_ = 0;
  bool exim_ = false;
};

}  // namespace

void look_at_head(std::string_view head, LineOrigin& origin) {
  std::size_t lines = 0;
  std::size_t own = 0;
  std::size_t pasted = 0;
  std::size_t bare = 0;
  std::size_t of_a_page = 0;
  QuotedLines quoted;
  const bool brackets = head.find_first_of("<>") != std::string_view::npos;
  LineHeader header;
  while (!head.empty()) {
    const auto end = std::min(head.find('\n'), head.size());
    auto line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    ++lines;
    auto format = detect_format(line);
    quoted.look_at(line, format);
    if (format != LineFormat::unknown || JsonLine::may_be(line)) {
      ++own;
    } else if (const auto unwrapped = origin.pasted.unwrap(line)) {
      format = detect_format(*unwrapped);
      pasted += format == LineFormat::unknown ? 0 : 1;
      line = *unwrapped;
    } else if (maybe_take_bare_tag(line, origin.stamps, header)) {
      ++bare;
    }
    if (brackets || format == LineFormat::unknown) continue;
    auto stamps = origin.stamps;
    const bool headed = format == LineFormat::exim ? maybe_take_exim_stamp(line, stamps, header)
                                                   : maybe_take_syslog_header(line, stamps, header);
    of_a_page += headed && is_of_a_page(line) ? 1 : 0;
  }
  // The rest may be what a mail says around it.
  constexpr std::size_t kOneIn = 4;
  if (own == 0 && pasted >= bare && pasted * kOneIn >= lines && pasted > 0)
    origin.manner = LineOrigin::Manner::pasted;
  if (own == 0 && bare > pasted && bare * kOneIn >= lines) origin.manner = LineOrigin::Manner::bare;
  if (own > 0 ? quoted.any() : pasted == 0 && (quoted.any() || quoted.is_block()))
    origin.manner = LineOrigin::Manner::quoted;
  origin.is_page = of_a_page > 0;
}

HeadedLine LinePipeline::read_header(LineOrigin& origin, const RawLine& raw) {
  HeadedLine line;
  line.text = {raw.text.data(), raw.text.size()};
  line.headed = take_header(origin, line.text, line.header);
  if (line.headed && origin.format == LineFormat::syslog && line.header.pid == 0) {
    maybe_take_nested_record({raw.text.data(), raw.text.size()}, origin.stamps, line.header,
                             line.text);
  }
  if (line.headed) {
    if (line.header.host.empty() || origin.override_host) line.header.host = origin.default_host;
    origin.previous_stamp = std::exchange(origin.last_stamp, line.header.logged_at);
    if (origin.is_page) line.text = origin.pasted.unescape(line.text);
    return line;
  }
  // Exim's rejectlog continues an entry with lines that have no stamp.
  if (origin.format == LineFormat::exim && origin.last_stamp) {
    line.headed = true;
    line.header.program = "exim";
    line.header.host = origin.default_host;
    line.header.logged_at = *origin.last_stamp;
  }
  return line;
}

// A server logs under a dozen tags: each has a place of its own here as long as no other tag of the
// same length and with the same last letters comes between.
LinePipeline::Known& LinePipeline::known(std::string_view tag) {
  std::size_t place = tag.size() * 5;
  if (tag.size() >= 4) {  // "smtp" and "lmtp" differ in the fourth from the end
    place += static_cast<unsigned char>(tag[tag.size() - 1]) +
             static_cast<unsigned char>(tag[tag.size() - 4]) * std::size_t{3};
  }
  auto& recent = recent_[place % recent_.size()];
  if (recent == nullptr || !same_name(recent->tag, tag)) recent = &find_known(tag);
  return *recent;
}

LinePipeline::Known& LinePipeline::find_known(std::string_view tag) {
  auto& slot = known_[hash_(tag)];
  if (slot != nullptr && slot->tag == tag) return *slot;
  if (slot != nullptr || known_.size() > kKnownMax) recent_.fill(nullptr);
  if (known_.size() > kKnownMax) {
    known_.clear();
    return find_known(tag);
  }
  slot = std::make_unique<Known>();
  slot->tag = tag;
  slot->program = find_program(slot->tag);
  slot->lines = &counters_.of(tag);
  return *slot;
}

// An event is several hundred bytes large: it is made where it is returned, and never moved.
LinePipeline::Understood LinePipeline::read(const HeadedLine& line) {
  const auto& found = known(line.headed ? line.header.program : std::string_view{});
  const auto* const program = &found.program;
  if (line.headed && program->parse != nullptr)
    return {found.tag, program->parse(line.header, line.text), program, found.lines};
  auto kind = LineKind::unrecognised;
  if (line.headed) {
    kind = LineKind::foreign;
  } else if (line.text.empty()) {
    kind = LineKind::known_ignored;
  }
  return {found.tag, ParsedLine{kind, {}}, program, found.lines};
}

LinePipeline::Understood LinePipeline::understand(const HeadedLine& line) {
  auto out = read(line);
  if (out.kind() == LineKind::unrecognised && out.source_program->parse != nullptr && line.headed)
    understand_less(*out.source_program, line, out.parsed);
  return out;
}

void LinePipeline::understand_less(const Program& program, const HeadedLine& line,
                                   ParsedLine& parsed) {
  // Logs that went through a page or a mail often end in blanks.
  if (line.text.ends_with(' ')) {
    auto text = line.text;
    while (text.ends_with(' ')) text.remove_suffix(1);
    parsed = program.parse(line.header, text);
  }
  if (parsed.kind != LineKind::unrecognised) return;
  // One field of a form that is not known hides neither the recipient nor the rest.
  if (program.mta == Mta::exim) parsed.event = what_is_known_of_exim(line.text);
  if (!std::holds_alternative<std::monostate>(parsed.event)) return;
  // What an administrator lets Exim log about a message ("logwrite") has words of its own: the
  // line is not understood, but it is known whose it is.
  if (program.mta != Mta::none) {
    const auto id = message_named_in_front(program.mta, line.text);
    if (!id.empty()) parsed.event = Note{id, Note::About::other, line.text};
  }
}

// A line that another source has given: it says nothing new.
bool LinePipeline::is_copy(const LineOrigin& origin, const HeadedLine& line) {
  auto& program = known(line.header.program);
  if (program.program.parse == nullptr ||
      !overlaps_->is_copy(origin.source, line.header, program.program.mta, line.text)) {
    return false;
  }
  LineCounters::count(*program.lines, LineKind::known_ignored, line.header.repeated);
  return true;
}

// The last piece of a long "<=": the first one told of the message, the whole line names all of its
// recipients. Long deliveries lose the end of a reply only, and must not count twice.
void LinePipeline::complete_arrival(const LogLine& log_line, const HeadedLine& line,
                                    Correlator& correlator) {
  const auto whole = split_records_.add(line.header, line.text);
  pieces_changed_ = true;
  if (whole.empty()) return;
  auto parsed = parse_exim(line.header, whole);
  auto* arrival = std::get_if<Arrival>(&parsed.event);
  if (arrival == nullptr) return;
  // These were told by the first piece; twice they would be two.
  arrival->parent_id.reset();
  arrival->fake_reject = false;
  correlator.apply(log_line, parsed.event);
}

// The reject log names the recipients of a message that was refused after its content, which the
// main log does not, in lines behind the refusal. A refusal that the main log has given already is
// a copy, and its envelope still is news.
void LinePipeline::follow_refusal(const LogLine& log_line, const HeadedLine& line,
                                  const ParsedLine& parsed, Correlator& correlator) {
  const auto source = log_line.ref.source;
  const auto known = refusals_.find(source);
  if (parsed.kind != LineKind::exim_reject_header) {
    forget_refusal(source);
    const auto* verdict = std::get_if<PolicyVerdict>(&parsed.event);
    if (verdict == nullptr || verdict->action != PolicyVerdict::Action::reject) return;
    // An envelope is written where there are headers, whether or not the id is.
    if (verdict->queue_id.empty() && verdict->stage != "END-OF-MESSAGE") return;
    if (refusals_.size() >= kRefusalsMax) forget_oldest_refusal();
    refusals_.try_emplace(source, EximRejectRecord(line.text), line.header.logged_at);
    return;
  }
  if (known == refusals_.end()) return;
  known->second.changed = true;
  const auto told = known->second.record.add(line.text);
  if (!told.recipient && !told.message_id && !told.subject) return;
  auto& verdict = known->second.verdict;
  if (std::holds_alternative<std::monostate>(verdict))
    verdict = parse_exim(line.header, known->second.record.refusal()).event;
  auto* refused = std::get_if<PolicyVerdict>(&verdict);
  if (refused == nullptr) return;
  if (told.message_id) {
    if (!refused->queue_id.empty())
      correlator.apply(log_line, MessageIdSeen{refused->queue_id, *told.message_id});
    return;
  }
  if (told.subject) {
    PolicyVerdict named;
    named.queue_id = refused->queue_id;
    named.action = PolicyVerdict::Action::info;
    named.stage = "header";
    named.subject = *told.subject;
    if (!named.queue_id.empty()) correlator.apply(log_line, named);
    return;
  }
  refused->recipient = told.recipient;  // a view into this line
  correlator.apply(log_line, verdict);
  refused->recipient.reset();
}

// A reject log ends in a header, so that nothing else tells that its last record is over.
void LinePipeline::end_source(std::uint32_t source) { forget_refusal(source); }

void LinePipeline::forget_oldest_refusal() {
  const auto oldest = std::ranges::min_element(
      refusals_, {}, [](const auto& refusal) { return refusal.second.logged_at; });
  forget_refusal(oldest->first);
}

void LinePipeline::forget_refusal(std::uint32_t source) {
  const auto known = refusals_.find(source);
  if (known == refusals_.end()) return;
  if (known->second.stored) ended_refusals_.push_back(source);
  refusals_.erase(known);
}

void LinePipeline::hand_over_pending(LegSink& sink) {
  for (const auto& [key, value] : losses_.take_pending()) sink.on_pending(key, value);
  for (const auto source : std::exchange(ended_refusals_, {})) {
    if (!refusals_.contains(source)) sink.on_pending(key_of_refusal(source), {});
  }
  for (auto& [source, refusal] : refusals_) {
    if (!std::exchange(refusal.changed, false)) continue;
    refusal.stored = true;
    std::string value;
    append_varint(value, static_cast<std::uint64_t>(refusal.logged_at.time_since_epoch().count()));
    sink.on_pending(key_of_refusal(source), value.append(refusal.record.encode()));
  }
  if (!std::exchange(pieces_changed_, false)) return;
  const bool stored = std::exchange(pieces_stored_, !split_records_.empty());
  if (stored || pieces_stored_) sink.on_pending(kPiecesKey, split_records_.encode());
}

bool LinePipeline::restore_pending(std::string_view key, std::string_view value) {
  if (losses_.restore(key, value)) return true;
  if (key == kPiecesKey) {
    split_records_.decode(value);
    pieces_stored_ = true;
    return true;
  }
  if (!maybe_take(key, kRefusalPrefix)) return false;
  const auto source = maybe_take_number(key);
  const auto logged_at = take_varint(value);
  if (!source || !logged_at) return true;
  auto record = EximRejectRecord::decode(value);
  if (!record) return true;
  if (refusals_.size() >= kRefusalsMax) forget_oldest_refusal();
  const Time at(Duration(static_cast<std::int64_t>(*logged_at)));
  auto& refusal = refusals_.try_emplace(static_cast<std::uint32_t>(*source), std::move(*record), at)
                      .first->second;
  refusal.changed = false;
  refusal.stored = true;
  return true;
}

void LinePipeline::resume(LineOrigin& origin) const {
  const auto known = refusals_.find(origin.source);
  if (known == refusals_.end() || origin.last_stamp) return;
  origin.format = LineFormat::exim;
  origin.last_stamp = known->second.logged_at;
}

void LinePipeline::take(const LineOrigin& origin, const RawLine& raw, const HeadedLine& line,
                        Correlator& correlator) {
  if (losses_.any_begun() && line.headed) losses_.note_time(origin.path, line.header.logged_at);
  const bool copy =
      overlaps_ != nullptr && overlaps_->comparing() && line.headed && is_copy(origin, line);
  const bool own_log = origin.format == LineFormat::exim && line.headed;
  if (copy && !own_log) return;
  const auto understood = understand(line);
  const auto& event = understood.parsed.event;
  if (own_log && (!refusals_.empty() || understood.kind() == LineKind::exim_reject)) {
    const LogLine told_by{
        line.header, Mta::exim, {}, {}, LineRef{origin.source, raw.length, raw.offset}};
    follow_refusal(told_by, line, understood.parsed, correlator);
  }
  if (copy) return;
  LineCounters::count(*understood.lines, understood.kind(), line.header.repeated);
  if (understood.kind() == LineKind::unrecognised) {
    LineCounters::keep_sample(*understood.lines, line.text);
  }
  const auto& program = *understood.source_program;
  const LogLine log_line{line.header, program.mta, program.instance, program.agent,
                         LineRef{origin.source, raw.length, raw.offset}};
  if (program.mta == Mta::exim && line.text.starts_with('[')) {
    complete_arrival(log_line, line, correlator);
  }
  if (understood.kind() == LineKind::unrecognised && program.mta != Mta::none &&
      !std::holds_alternative<DeliveryAttempt>(event)) {
    correlator.tell_of_names(log_line, line.text);
  }
  if (std::holds_alternative<std::monostate>(event)) return;
  if (const auto* loss = std::get_if<LogLoss>(&event)) {
    losses_.take(origin.path, line.header.logged_at, origin.previous_stamp, *loss);
    return;
  }
  const auto times = std::min(line.header.repeated, kRepeatsApplied);
  for (std::uint32_t i = 0; i < times; ++i) correlator.apply(log_line, event);
}

}  // namespace rastro
