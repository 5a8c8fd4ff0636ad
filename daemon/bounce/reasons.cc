#include "daemon/bounce/reasons.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "daemon/bounce/cause.h"
#include "daemon/bounce/lines.h"

namespace rastro {
namespace {

bool has_codes(const BounceRecipient& told) { return told.reply_code || told.enhanced_status; }

bool is_bad(const BounceRecipient& told) {
  return told.action.value == "failed" || told.action.value == "delayed";
}

// The stage at which a reply came stands in the notice, not in the fields of the report: Postfix'
// "(in reply to end of DATA command)", Exim's "after RCPT TO:<ana@example.org>:". As Postfix
// writes it; empty if the paragraph that names the recipient has none.
std::string stage_of(std::string_view notice, const BounceRecipient& told, bool alone) {
  constexpr int kNamesMax = 10;
  static const RE2 postfix(
      R"((?i)\(in\s+reply\s+to\s+(end\s+of\s+data|\w+(?:\s\w+)?)\s+command\))");
  static const RE2 exim(
      R"((?i)smtp\s+error\s+from\s+remote\s+mail(?:er|\s+server)\s+after\s+(?:pipelined\s+)?(end\s+of\s+data|rcpt\s+to|mail\s+from|data|ehlo|helo)\b)");
  const auto stage_in = [](std::string_view text) -> std::string {
    std::string stage;
    const re2::StringPiece piece(text.data(), text.size());
    if (!RE2::PartialMatch(piece, postfix, &stage) && !RE2::PartialMatch(piece, exim, &stage))
      return {};
    return " (in reply to " + tidy(stage, stage.size()) + " command)";
  };
  const auto& name = told.recipient.value;
  auto at = name.empty() ? std::string_view::npos : notice.find(name);
  if (at == std::string_view::npos) return alone ? stage_in(notice) : std::string();
  for (int i = 0; i < kNamesMax && at != std::string_view::npos; ++i) {
    const auto end = std::min(notice.find("\n\n", at), notice.size());
    if (auto stage = stage_in(notice.substr(at, end - at)); !stage.empty()) return stage;
    at = notice.find(name, end);
  }
  return {};
}

// Exim's and others' opening words, which stand in front of an address and tell no cause, when
// nothing else is said: "A message that you sent could not be delivered to all of its recipients.
// The following address(es) failed: an undisclosed address (generated from ana@example.org)".
bool only_announces(std::string_view text) {
  constexpr std::size_t kLettersMin = 4;
  static const RE2 form(
      R"((?i)this message was created automatically by [^.]{0,40}\.|a message that you (?:have )?sent (?:could not|has not)[^.]{0,80}recipients\.|this is a permanent error[^.:]{0,60}[.:]|the following address(?:\(es\)|es)?(?: have)? failed:?|an undisclosed address|\((?:ultimately )?generated from [^)]*\)|[^\s@<>]+@[^\s@<>]+)");
  std::string left(text);
  if (RE2::GlobalReplace(&left, form, "") == 0) return false;
  return std::ranges::count_if(left, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  static_cast<signed char>(c) < 0;
         }) < static_cast<std::ptrdiff_t>(kLettersMin);
}

Reason reason_of(const ClassifyText& classify, const BounceRecipient& told,
                 std::string_view stage) {
  if (!is_bad(told)) return Reason::none;
  if (!has_codes(told) && only_announces(told.diagnostic.value)) return Reason::unknown;
  std::uint16_t code = 0;
  const auto& digits = told.reply_code.value;
  std::from_chars(digits.data(), digits.data() + digits.size(), code);
  const auto [reason, by_words] = classify(parse_enhanced_status(told.enhanced_status.value), code,
                                           told.diagnostic.value + std::string(stage));
  if (reason == Reason::other && !has_codes(told)) return Reason::unknown;
  // Nothing is given up yet: the words are those of the notice.
  if (reason == Reason::expired && told.action.value == "delayed") return Reason::unknown;
  // That it waits and is tried again stands in every notice of delay, and is no cause.
  if (by_words && !has_codes(told) && told.action.value == "delayed") return Reason::unknown;
  return reason;
}

// Without the clauses that tell what may be or what to do: "The mailbox may be full", "please check
// the address".
std::string without_advice(std::string_view text) {
  static const RE2 form(
      R"((?i)\b(?:if|may|might|maybe|could have|possibl[ey]|perhaps|usually|sometimes|e\.g\.|such as|for example|please|make sure|check|try|you (?:can|should|must|need)|whether|unless|si|quiz[aá]s?|compruebe|verifique|por favor|wenn|falls|bitte|eventuell|veuillez|vérifiez|peut-être|forse|verificare|talvez|misschien|controleer|jeśli)\b|möglich|prüfen|proszę|возможно|если|пожалуйста|проверьте|请|可能|場合|확인)");
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    auto end = text.find_first_of(",;.!?", at);
    while (end != std::string_view::npos && end + 1 < text.size() && text[end + 1] != ' ')
      end = text.find_first_of(",;.!?", end + 1);
    end = end == std::string_view::npos ? text.size() : end + 1;
    const auto clause = text.substr(at, end - at);
    if (!RE2::PartialMatch(clause, form)) out += clause;
    at = end;
  }
  return out;
}

struct Cause {
  std::string text;
  Reason reason = Reason::unknown;
};

// The first piece between `separator`s that names a cause, its words belonging to no reply. Only
// if none does, the first that says that it was given up.
Cause first_cause(const ClassifyText& classify, std::string_view text, std::string_view separator) {
  constexpr std::size_t kPieceMax = 400;
  constexpr std::size_t kPieceMin = 8;
  Cause given_up;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(separator, at), text.size());
    const auto whole = text.substr(at, end - at);
    at = end + separator.size();
    if (is_scan_note(whole) || only_announces(whole)) continue;
    const auto piece = tidy(without_advice(tidy(whole, kPieceMax)), kPieceMax);
    if (piece.size() < kPieceMin) continue;
    // Words alone are a guess, and a notice has many sentences to guess at.
    const auto [reason, by_words] = classify(std::nullopt, 0, piece);
    if (by_words) continue;
    if (reason == Reason::expired && given_up.text.empty()) given_up = {piece, reason};
    if (reason == Reason::other && separator != ". ") {
      auto sentence = first_cause(classify, whole, ". ");
      if (sentence.reason != Reason::unknown && sentence.reason != Reason::expired) return sentence;
    }
    if (reason == Reason::other || reason == Reason::unknown || reason == Reason::expired) continue;
    if (separator == "\n") return {piece, reason};
    const auto line = first_cause(classify, whole, "\n");
    return line.reason == reason ? line : Cause{piece, reason};
  }
  return given_up;
}

}  // namespace

void add_reasons(const ClassifyText& classify, BounceReport& report) {
  if (report.not_a_bounce == NotABounce::login_refused) {
    for (auto& told : report.recipients) told.reason = Reason::auth_required;
    return;
  }
  bool any = false;
  for (auto& told : report.recipients) {
    if (!classify) {
      told.reason = is_bad(told) ? Reason::unknown : Reason::none;
      continue;
    }
    std::string stage;
    if (told.reply_code && told.diagnostic.value.find("in reply to") == std::string::npos)
      stage = stage_of(report.notice, told, report.recipients.size() == 1);
    told.reason = reason_of(classify, told, stage);
    any = any || has_codes(told) || !is_bad(told) || told.reason != Reason::unknown;
  }
  if (any || !classify) return;
  const auto cause = first_cause(classify, report.notice, "\n\n");
  if (cause.text.empty()) return;
  if (cause.reason == Reason::expired && report.kind != BounceKind::failed) return;
  // One of several: it says that of those it names.
  if (report.recipients.size() > 1 && cause.text.find('@') != std::string::npos) return;
  for (auto& told : report.recipients) {
    told.reason = cause.reason;
    if (!told.diagnostic || told.diagnostic.from == kFromNotice)
      told.diagnostic = {cause.text, kFromNotice};
  }
}

}  // namespace rastro
