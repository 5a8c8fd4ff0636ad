#include "daemon/bounce/reply.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "core/address.h"
#include "core/ascii.h"
#include "daemon/bounce/lines.h"
#include "parsers/scan.h"

namespace rastro {
namespace {

bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// The text before `at`, without the blanks and marks that may stand between a cue and a code.
std::string_view before(std::string_view text, std::size_t at) {
  auto head = text.substr(at < 80 ? 0 : at - 80, std::min<std::size_t>(at, 80));
  while (!head.empty() && (head.back() == ' ' || head.back() == '\t')) head.remove_suffix(1);
  return head;
}

// Whether what stands in front makes a number a reply: the start of a line, or a word that says so.
bool has_cue(std::string_view head) {
  if (head.empty()) return true;
  constexpr std::string_view kMarks = "\n:;\"'([<>|=,#*`{";
  if (kMarks.find(head.back()) != std::string_view::npos) return true;
  // Chinese and Japanese words in front of a code are a label, whatever they say.
  const auto last = head.find_last_of(std::string_view("\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xef"));
  if (last != std::string_view::npos && last + 3 == head.size()) return true;
  if (head.ends_with("--") || head.ends_with("‘") || head.ends_with("“") || head.ends_with(" ."))
    return true;
  constexpr std::array kWords = {"said",   "error",    "code",   "returned", "status",
                                 "reply",  "response", "smtp",   "reason",   "was",
                                 "with",   "is",       "saying", "replied",  "error -",
                                 "código", "codigo",   "fehler", "code -"};
  const auto lower = ascii_lower(head.substr(head.size() < 12 ? 0 : head.size() - 12));
  return std::ranges::any_of(kWords, [&](std::string_view word) { return lower.ends_with(word); });
}

// Whether the remote server is quoted here, not the MTA that reports.
bool is_quoted(std::string_view head) {
  constexpr std::array kCues = {
      "<<<", "<--",       "said:",      "reason:", "replied:", "returned", "was:",
      "<<",  "response:", "responded:", "is:",     "answered", "server:"};
  const auto lower = ascii_lower(head.substr(head.size() < 20 ? 0 : head.size() - 20));
  return std::ranges::any_of(
      kCues, [&](std::string_view cue) { return lower.find(cue) != std::string::npos; });
}

bool is_version(std::string_view head) {
  constexpr std::array kNames = {"version", "exim",  "postfix", "sendmail", " v",
                                 "build",   "smtpd", "server",  "mdaemon",  "release",
                                 "java",    "php",   "/"};
  const auto lower = ascii_lower(head.substr(head.size() < 10 ? 0 : head.size() - 10));
  return std::ranges::any_of(kNames, [&](std::string_view name) { return lower.ends_with(name); });
}

std::optional<EnhancedStatus> status_behind(std::string_view rest) {
  // Postfix wraps a reply where it likes: "452" and on the next line "    4.2.2 full".
  if (rest.starts_with('\n'))
    rest.remove_prefix(std::min(rest.find_first_not_of("\n "), rest.size()));
  for (std::size_t i = 0; i < 4 && !rest.empty(); ++i) {
    if (rest[0] != ' ' && rest[0] != '-' && rest[0] != '#' && rest[0] != '(' && rest[0] != '\t' &&
        rest[0] != '[' && rest[0] != ',' && rest[0] != ':')
      break;
    rest.remove_prefix(1);
  }
  return maybe_take_enhanced_status(rest);
}

// "400-8899": a telephone number's digits, not a reply's first line ("550-5.7.1", "521-192.0.2.7").
bool is_telephone(std::string_view behind) {
  if (!behind.starts_with('-')) return false;
  const auto digits = std::min(behind.find_first_not_of("0123456789", 1), behind.size());
  return digits > 3 && !(behind.substr(digits).starts_with('.') && digits + 1 < behind.size() &&
                         is_digit(behind[digits + 1]));
}

std::uint16_t code_at(std::string_view text, std::size_t at) {
  if (at + 3 > text.size() || (text[at] != '4' && text[at] != '5')) return 0;
  if (!is_digit(text[at + 1]) || !is_digit(text[at + 2])) return 0;
  if (at > 0 && (is_word(text[at - 1]) || text[at - 1] == '@')) return 0;
  // "could not be delivered to domain <example.org> .501; Spam Blocked"
  if (at > 0 && text[at - 1] == '.' && (at < 2 || text[at - 2] != ' ')) return 0;
  if (at > 1 && text[at - 1] == '-' && is_word(text[at - 2])) return 0;
  if (at + 3 < text.size() && (is_word(text[at + 3]) || text[at + 3] == '@' || text[at + 3] == '/'))
    return 0;
  if (at + 4 < text.size() && text[at + 3] == '.' && is_digit(text[at + 4])) return 0;
  if (is_telephone(text.substr(at + 3)) || is_group_of_number(text, at)) return 0;
  return static_cast<std::uint16_t>((text[at] - '0') * 100 + (text[at + 1] - '0') * 10 +
                                    (text[at + 2] - '0'));
}

// With which the first line begins.
std::uint16_t first_code(std::string_view text) {
  const auto blanks = text.find_first_not_of(" \t");
  return blanks == std::string_view::npos ? 0 : code_at(text, blanks);
}

// A unit behind a number makes it a quantity.
bool is_quantity(std::string_view rest) {
  constexpr std::array kUnits = {"kb",      "mb",      "bytes",    "hours",      "minutes",
                                 "seconds", "days",    "messages", "recipients", "octets",
                                 "horas",   "minutos", "stunden"};
  const auto word = ascii_lower(trim(rest.substr(0, 14)));
  return std::ranges::any_of(kUnits, [&](std::string_view unit) { return word.starts_with(unit); });
}

FoundReply reply_at(std::string_view text, std::size_t at) {
  FoundReply reply;
  reply.code = code_at(text, at);
  if (reply.code == 0) return {};
  const auto rest = text.substr(at + 3);
  const auto head = before(text, at);
  const auto status = status_behind(rest);
  // Exchange 2000: "<srv.example.org #5.5.0 smtp;554 <a@b>: Relay access denied>"
  const auto outer = head.rfind('#');
  if (!status && head.ends_with("smtp;") && outer != std::string_view::npos) {
    auto behind = head.substr(outer + 1);
    const auto told = maybe_take_enhanced_status(behind);
    if (told && trim(behind) == "smtp;") reply.status = told;
  }
  // The classes may differ: Exchange gives up with "550 4.4.7".
  if (status && status->klass != 2) reply.status = status;
  // RFC 5321 4.2: the second digit is 0 to 5.
  // Some servers say others all the same: "host mx.example.net [192.0.2.7]: 597 unwanted".
  const bool usual = text[at + 1] <= '5' || is_quoted(head) || head.ends_with("]:");
  // Cisco: "message refused 554-'Your access ...'"
  const bool quotes = rest.starts_with("-'") || rest.starts_with("-\"");
  const bool named = has_cue(head) || quotes;
  if (!reply.status && (!usual || !named || is_quantity(rest))) return {};
  reply.at = at;
  reply.score = 20 + (is_quoted(head) ? 6 : 0) + (reply.code >= 500 ? 8 : 0);
  // "503 need RCPT command" only follows from what was refused before.
  if (reply.code == 503) reply.score -= 8;
  // "Status code: 550 5.1.10" says less than the line that quotes it in full.
  const auto line = rest.substr(0, rest.find('\n'));
  constexpr std::size_t kWordsMin = 14;
  if (trim(line).size() >= kWordsMin) reply.score += 1;
  if (reply.status) {
    const bool exact = reply.status->subject + reply.status->detail != 0;
    reply.score += exact ? 5 : 1;
  }
  return reply;
}

FoundReply status_at(std::string_view text, std::size_t at) {
  if (text[at] != '4' && text[at] != '5') return {};
  if (at > 0 && (is_word(text[at - 1]) || text[at - 1] == '.' || text[at - 1] == '-')) return {};
  auto rest = text.substr(at, 12);
  const auto status = maybe_take_enhanced_status(rest);
  if (!status || is_version(before(text, at))) return {};
  // RFC 3463 has subjects 0 to 7; larger numbers are versions and dates.
  if (status->subject > 7) return {};
  FoundReply reply;
  reply.status = status;
  reply.at = at;
  reply.score = 10 + (status->klass == 5 ? 4 : 0) + (at > 0 && text[at - 1] == '#' ? 4 : 0);
  return reply;
}

// "550 User unknown (#5.1.1)": the code in front, the status behind it.
std::optional<EnhancedStatus> status_behind_code(std::string_view line, int klass) {
  for (std::size_t at = 3; at < line.size(); ++at) {
    const auto status = status_at(line, at).status;
    if (status && status->klass == klass) return status;
  }
  return std::nullopt;
}

// Of one place in a text.
FoundReply reply_or_status_at(std::string_view text, std::size_t at) {
  auto reply = reply_at(text, at);
  return reply.score == 0 ? status_at(text, at) : reply;
}

}  // namespace

FoundReply best_reply(std::string_view text) {
  FoundReply best;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '4' && text[at] != '5') continue;
    auto reply = reply_or_status_at(text, at);
    if (reply.score > best.score) best = reply;
  }
  if (best.code != 0 && !best.status) {
    // With the lines of the same reply below it, which repeat the code.
    auto end = std::min(text.find('\n', best.at), text.size());
    while (end < text.size() && first_code(text.substr(end + 1)) == best.code)
      end = std::min(text.find('\n', end + 1), text.size());
    best.status = status_behind_code(text.substr(best.at, end - best.at), best.code / 100);
  }
  return best;
}

bool is_login_reply(std::string_view text) {
  const auto reply = best_reply(text);
  // RFC 4954: only AUTH is answered with these.
  if (reply.code == 534 || reply.code == 535 || reply.code == 538) return true;
  if (reply.code != 530 && reply.code != 454) return false;
  // Both stand for TLS as well.
  constexpr std::size_t kWordsMax = 200;
  static const RE2 words(R"((?i)\bauth(?:entic|\b)|\blog(?:ged|ging)?[ -]?(?:in|on)\b)");
  return RE2::PartialMatch(reply_line(text, reply.at, kWordsMax), words);
}

bool names_login(std::string_view text, std::string_view address) {
  if (address.empty() || !is_login_reply(text)) return false;
  const auto reply = best_reply(text);
  const auto begin = text.rfind('\n', reply.at) + 1;
  constexpr std::size_t kReplyMax = 400;
  const auto lower = ascii_lower(address);
  if (contains_ignoring_case(reply_line(text, reply.at, kReplyMax), lower)) return true;
  // "Login failed for juan@example.org: 535 ..."; what was not delivered to somebody is no login.
  static const RE2 login(
      R"((?i)\b(?:log(?:ged|ging)?[ -]?(?:in|on)|sign[ -]?in|authenticat\w*|credentials|user(?: ?name)?|account|password|usuario|cuenta|sesi[oó]n|contraseña|autenticaci[oó]n)\b[^@\n]{0,40}$)");
  const auto before = ascii_lower(text.substr(begin, reply.at - begin));
  const auto at = before.find(lower);
  return at != std::string::npos && RE2::PartialMatch(before.substr(0, at), login);
}

std::optional<EnhancedStatus> first_status(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at > 0 && (is_word(text[at - 1]) || text[at - 1] == '.')) continue;
    auto rest = text.substr(at, 12);
    if (const auto status = maybe_take_enhanced_status(rest)) return status;
  }
  return std::nullopt;
}

namespace {

// Takes off what whoever quoted a reply put behind it.
void drop_tails(std::string& clean) {
  while (clean.ends_with('|') || clean.ends_with(' ')) clean.pop_back();
  // What the reporting MTA appends to the quotation.
  for (const std::string_view tail :
       {" (in reply to ", " (state ", " Giving up on ", " (expanded from: <"}) {
    const auto found = clean.rfind(tail);
    if (found != std::string::npos && found > 3) clean.resize(found);
  }
  // Yahoo's "[RCPT_TO]": the command that was answered.
  const auto command = clean.rfind(" [");
  if (command != std::string::npos && clean.ends_with(']') &&
      std::all_of(clean.begin() + static_cast<std::ptrdiff_t>(command) + 2, clean.end() - 1,
                  [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; }))
    clean.resize(command);
  // "<srv.example.org #5.5.0 smtp;554 Relay access denied>"
  while (clean.ends_with('>') && std::ranges::count(clean, '>') > std::ranges::count(clean, '<')) {
    clean.pop_back();
    while (clean.ends_with(' ')) clean.pop_back();
  }
  // "(reason: 553 Sender Policy Framework (SPF) fail)"
  if (clean.ends_with(')') && clean.find('(') != std::string::npos &&
      std::ranges::count(clean, ')') > std::ranges::count(clean, '('))
    clean.pop_back();
  const bool quoted = clean.find_first_of("'\"") == clean.size() - 1;
  const bool bracketed = clean.find_first_of("([") == std::string::npos;
  if (!clean.empty() && ((quoted && clean.find_last_of("'\"") == clean.size() - 1) ||
                         (bracketed && (clean.back() == ')' || clean.back() == ']'))))
    clean.pop_back();
}

}  // namespace

namespace {

struct QuoteMarks {
  std::string_view open;
  std::string_view close;
};

bool is_letter_at(std::string_view text, std::size_t at) {
  return at < text.size() && (is_word(text[at]) || static_cast<signed char>(text[at]) < 0);
}

// Where the mark stands that ends a quotation whose text begins at `at`. A mark of the same shape
// behind a blank opens another one inside; an apostrophe stands in a word.
std::size_t closing_mark(std::string_view text, std::size_t at, const QuoteMarks& marks) {
  constexpr std::size_t kQuotedMax = 2'000;
  const bool same = marks.open == marks.close;
  const auto end = std::min({text.find("\n\n", at), text.size(), at + kQuotedMax});
  int depth = 1;
  for (std::size_t i = at; i < end; ++i) {
    const auto rest = text.substr(i);
    const char behind = i > 0 ? text[i - 1] : ' ';
    const bool begins = behind == ' ' || behind == '(' || behind == '\n' || behind == '=';
    if (rest.starts_with(marks.open) && (!same || begins)) {
      if (i + marks.open.size() < end && text[i + marks.open.size()] != ' ') ++depth;
      continue;
    }
    if (!rest.starts_with(marks.close) || behind == '\\') continue;
    const bool apostrophe =
        (marks.close == "'" || marks.close == "’") && is_letter_at(text, i + marks.close.size());
    if (!apostrophe && --depth == 0) return i;
  }
  return std::string_view::npos;
}

// The end of the quotation that a reply at `at` begins or stands in: 'It says "550 5.1.1 User
// unknown". What can I do?'
std::size_t end_of_quotation(std::string_view text, std::size_t at) {
  static constexpr std::array<QuoteMarks, 7> kMarks = {
      {{"\"", "\""}, {"'", "'"}, {"`", "`"}, {"“", "”"}, {"„", "“"}, {"«", "»"}, {"‘", "’"}}};
  auto head = text.substr(0, at);
  while (head.ends_with(' ') || head.ends_with("\u00a0"))
    head.remove_suffix(head.ends_with(' ') ? 1 : 2);
  const bool apart = head.size() != at;
  for (const auto& marks : kMarks) {
    if (!head.ends_with(marks.open) || (apart && marks.open != "«" && marks.open != "“")) continue;
    const auto end = closing_mark(text, at, marks);
    if (end != std::string_view::npos) return end;
  }
  const auto line = text.substr(text.rfind('\n', at) + 1);
  const auto before_it = line.substr(0, at - static_cast<std::size_t>(line.data() - text.data()));
  if (std::ranges::count(before_it, '"') % 2 == 1) return closing_mark(text, at, kMarks[0]);
  const auto open = before_it.rfind("“");
  if (open != std::string_view::npos && before_it.find("”", open) == std::string_view::npos)
    return closing_mark(text, at, kMarks[3]);
  return std::string_view::npos;
}

}  // namespace

std::string reply_line(std::string_view text, std::size_t at, std::size_t bytes_max) {
  static const RE2 generated(R"((?i)^dsn \pL+ \pL+ ?:)");
  std::string out;
  const auto code = text.substr(at, 3);
  // "Respuesta del servidor: '550 no', Puerto: 587": the quotation ends it. Exchange's "'400 4.4.7
  // Message delayed'" has the cause in the next one.
  const auto quoted_end = end_of_quotation(text, at);
  static const RE2 only_late(R"(^[45]\d\d [45]\.4\.7\b)");
  const bool cause_follows = quoted_end != std::string_view::npos &&
                             RE2::PartialMatch(text.substr(at, quoted_end - at), only_late) &&
                             text.find(" returned '", quoted_end) != std::string_view::npos;
  if (!cause_follows) text = text.substr(0, quoted_end);
  // Below what a server said to sendmail stands how that sums it up, with the same code.
  const bool marked = before(text, at).ends_with("<<<");
  // "| juan@example.com | 550 no |": a row of a table.
  const auto row = text.rfind('\n', at) + 1;
  if (trim(text.substr(row)).starts_with('|')) text = text.substr(0, text.find('|', at));
  bool first = true;
  while (at < text.size() && out.size() < bytes_max) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = trim(text.substr(at, end - at));
    at = end + 1;
    if (!first) {
      if (line.empty() || line.starts_with(">>>") || line.starts_with("-->") ||
          line.starts_with("--- ") || line.starts_with("-----") || line == "QUIT" ||
          (marked && !line.starts_with("<<<")) || RE2::PartialMatch(line, generated))
        break;
      // MDaemon stamps each line: "Wed 2026-11-25 10:00:01: --> QUIT"
      constexpr std::size_t kStampMax = 40;
      if (line.substr(0, kStampMax).find(": -->") != std::string_view::npos) break;
      const auto answer = line.substr(0, kStampMax).find(": <--");
      if (answer != std::string_view::npos) line.remove_prefix(answer + 2);
      for (const std::string_view mark : {"<<<", "<--", "<<"}) {
        if (line.starts_with(mark)) line = trim(line.substr(mark.size()));
      }
      // A further line of the same reply repeats the code.
      if (code_at(line, 0) != 0) {
        if (!line.starts_with(code)) break;
        line = trim(line.substr(std::min<std::size_t>(4, line.size())));
      }
      out.push_back(' ');
    }
    first = false;
    out += line;
  }
  auto clean = tidy(out, bytes_max);
  drop_tails(clean);
  return clean;
}

}  // namespace rastro
