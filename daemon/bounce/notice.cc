#include "daemon/bounce/notice.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "core/address.h"
#include "daemon/answer/mail_header.h"
#include "daemon/bounce/address.h"
#include "daemon/bounce/phrases.h"
#include "daemon/times/spoken_words.h"

namespace rastro {
namespace {

RE2::Options no_case() {
  RE2::Options options;
  options.set_case_sensitive(false);
  return options;
}
// Names that mail programs give to headers when they quote a message, and what they mean.
struct LocalName {
  std::string_view name;
  std::string_view header;
};
constexpr std::array kLocalNames = {LocalName{"de", "from"},
                                    LocalName{"von", "from"},
                                    LocalName{"da", "from"},
                                    LocalName{"van", "from"},
                                    LocalName{"od", "from"},
                                    LocalName{"від", "from"},
                                    LocalName{"от", "from"},
                                    LocalName{"para", "to"},
                                    LocalName{"pour", "to"},
                                    LocalName{"an", "to"},
                                    LocalName{"à", "to"},
                                    LocalName{"a", "to"},
                                    LocalName{"aan", "to"},
                                    LocalName{"do", "to"},
                                    LocalName{"кому", "to"},
                                    LocalName{"asunto", "subject"},
                                    LocalName{"betreff", "subject"},
                                    LocalName{"objet", "subject"},
                                    LocalName{"sujet", "subject"},
                                    LocalName{"oggetto", "subject"},
                                    LocalName{"assunto", "subject"},
                                    LocalName{"onderwerp", "subject"},
                                    LocalName{"temat", "subject"},
                                    LocalName{"тема", "subject"},
                                    LocalName{"enviado", "date"},
                                    LocalName{"enviado el", "date"},
                                    LocalName{"fecha", "date"},
                                    LocalName{"gesendet", "date"},
                                    LocalName{"datum", "date"},
                                    LocalName{"envoyé", "date"},
                                    LocalName{"date", "date"},
                                    LocalName{"inviato", "date"},
                                    LocalName{"data", "date"},
                                    LocalName{"enviada em", "date"},
                                    LocalName{"sent", "date"},
                                    LocalName{"from", "from"},
                                    LocalName{"to", "to"},
                                    LocalName{"cc", "cc"},
                                    LocalName{"subject", "subject"},
                                    LocalName{"reply-to", "reply-to"},
                                    LocalName{"sender", "from"},
                                    LocalName{"mail from", "from"},
                                    LocalName{"sent date", "date"},
                                    LocalName{"importance", "x"},
                                    LocalName{"received", "received"},
                                    LocalName{"message-id", "message-id"},
                                    LocalName{"return-path", "return-path"},
                                    LocalName{"mime-version", "mime-version"},
                                    LocalName{"content-type", "content-type"},
                                    LocalName{"dkim-signature", "dkim-signature"},
                                    LocalName{"delivered-to", "delivered-to"},
                                    LocalName{"x-mailer", "x-mailer"},
                                    LocalName{"references", "references"},
                                    LocalName{"in-reply-to", "in-reply-to"},
                                    LocalName{"user-agent", "user-agent"},
                                    LocalName{"list-id", "list-id"},
                                    LocalName{"x-failed-recipients", "x-failed-recipients"},
                                    LocalName{"thread-topic", "x"},
                                    LocalName{"thread-index", "x"},
                                    LocalName{"x-originating-ip", "x"},
                                    LocalName{"authentication-results", "x"},
                                    LocalName{"arc-seal", "x"},
                                    LocalName{"x-google-dkim-signature", "x"},
                                    LocalName{"x-received", "x"},
                                    LocalName{"content-transfer-encoding", "x"}};

// The header that the line gives, under whichever name; "" when it is none that we know.
std::string_view header_of(std::string_view line) {
  auto text = line;
  while (text.starts_with('*')) text.remove_prefix(1);  // "*From:* a" of a plain-text rendering
  const auto colon = text.substr(0, 40).find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  auto name = text.substr(0, colon);
  while (name.ends_with(' ') || name.ends_with('*') || name.ends_with("\xa0"))
    name.remove_suffix(1);
  if (name.ends_with("\xc2")) name.remove_suffix(1);  // half of a no-break space
  const auto lower = ascii_lower(name);
  const auto* found = std::ranges::find(kLocalNames, lower, &LocalName::name);
  return found == kLocalNames.end() ? std::string_view() : found->header;
}

std::string_view value_of(std::string_view line) {
  auto value = trim(line.substr(std::min(line.find(':'), line.size() - 1) + 1));
  while (value.starts_with('*')) value.remove_prefix(1);
  return trim(value);
}

// A run of header lines in a text.
struct HeaderRun {
  std::size_t begin = 0;
  std::size_t end = 0;  // behind its last line
  std::vector<MailHeader> headers;
  bool machine = false;  // has what only a whole message has
  bool has(std::string_view name) const { return !header_value(headers, name).empty(); }
};

bool is_machine(std::string_view header) {
  return header == "received" || header == "message-id" || header == "return-path" ||
         header == "mime-version" || header == "dkim-signature" || header == "content-type" ||
         header == "delivered-to";
}

std::optional<HeaderRun> header_run_at(const std::vector<TextLine>& lines, std::size_t at) {
  HeaderRun run;
  run.begin = run.end = at;
  std::size_t known = 0;
  for (std::size_t i = at; i < lines.size() && !lines[i].text.empty(); ++i) {
    const auto header = header_of(lines[i].text);
    const bool continued = i > at && lines[i].indent > lines[at].indent;
    if (header.empty() && !continued && (i == at || header_name_length(lines[i].text) == 0)) break;
    if (!header.empty()) {
      run.headers.push_back(
          {std::string(header), decode_header(std::string(value_of(lines[i].text)))});
      run.machine = run.machine || is_machine(header);
      ++known;
    } else if (continued && !run.headers.empty() && run.headers.back().value.size() < 2'000) {
      run.headers.back().value.append(" ").append(lines[i].text);
    }
    run.end = i + 1;
  }
  if (known < 2) return std::nullopt;
  return run;
}

// Whether these are the headers of a message that reports, not of one that was returned.
bool is_bounce_headers(const HeaderRun& run) {
  const auto from = header_value(run.headers, "from");
  if (from.ends_with("<>")) return true;
  const auto senders = addresses_in(from, 3);
  if (std::ranges::any_of(senders, [](const auto& a) { return is_robot(a); })) return true;
  if (contains_ignoring_case(from, "mail delivery") ||
      contains_ignoring_case(from, "mailer-daemon") || contains_ignoring_case(from, "postmaster") ||
      contains_ignoring_case(from, "microsoft outlook"))
    return true;
  const auto subject = phrases_in_subject(header_value(run.headers, "subject"));
  return subject.has(Phrase::failure) || subject.has(Phrase::delay);
}

// What a mail program writes above a message that it quotes.
bool is_forward_mark(std::string_view line) {
  static const RE2 mark(
      R"(^[-_=* ]*(?:begin )?(?:forwarded message|original message|original-nachricht|mensaje (?:original|reenviado)|mensaje reenviado|ursprüngliche nachricht|weitergeleitete nachricht|message (?:d['’]origine|transféré|original)|messaggio (?:originale|inoltrato)|mensagem (?:original|encaminhada)|forwarded by .*|doorgestuurd bericht|oorspronkelijk bericht)[-_=*: ]*$)",
      no_case());
  return RE2::PartialMatch(line, mark);
}

// "El vie, 27 nov 2026 a las 10:00, Mail Delivery System (<a@b>) escribió:"
bool is_attribution(std::string_view line) {
  static const RE2 form(
      R"((?:\b(?:wrote|escribió|escribi&oacute;|schrieb|a écrit|ha scritto|escreveu|skrev|schreef)|napisał(?:\(a\))?)[^:]{0,60}:\s*$)",
      no_case());
  return line.size() < 400 && line.ends_with(':') && RE2::PartialMatch(line, form);
}

// "24 nov 2026 a las 14:30" of such a line, as a letter's Date has it; "": it names none, or not in
// English or Spanish. Gmail: "El mar, 24 nov 2026 a las 14:30", "On Tue, Nov 24, 2026 at 2:30 PM";
// Apple: "El 24 nov 2026, a las 14:30"; Thunderbird: "El 24/11/2026 a las 14:30".
std::string date_of_attribution(std::string_view line) {
  static const RE2 day_first(
      R"(\b(\d{1,2}) (?:de |of )?(\pL{3,10})\.?,? (?:de |del )?(20\d\d)\D{1,12}(\d{1,2})[:.](\d\d)(?::\d\d)?\s*([ap]?))",
      no_case());
  static const RE2 month_first(
      R"(\b(\pL{3,10})\.? (\d{1,2}),? (20\d\d)\D{1,12}(\d{1,2})[:.](\d\d)(?::\d\d)?\s*([ap]?))",
      no_case());
  static const RE2 in_digits(
      R"(\b(\d{1,2})/(\d{1,2})/(20\d\d)\D{1,12}(\d{1,2})[:.](\d\d)(?::\d\d)?\s*([ap]?))",
      no_case());
  static constexpr std::array<const char*, 12> kNames = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::string month_name;
  std::string half;
  unsigned day = 0, month = 0, year = 0, hour = 0, minute = 0;
  if (RE2::PartialMatch(line, day_first, &day, &month_name, &year, &hour, &minute, &half) ||
      RE2::PartialMatch(line, month_first, &month_name, &day, &year, &hour, &minute, &half)) {
    month = static_cast<unsigned>(month_number(ascii_lower(month_name)));
  } else if (!RE2::PartialMatch(line, in_digits, &day, &month, &year, &hour, &minute, &half) ||
             day <= kNames.size()) {  // "3/4/2026": nobody knows which is the month
    return {};
  }
  if (month == 0 || month > kNames.size() || day > 31 || hour > 23 || minute > 59) return {};
  if (!half.empty()) hour = hour % 12 + (ascii_lower(half) == "p" ? 12 : 0);
  char date[32];
  std::snprintf(date, sizeof date, "%u %s %u %02u:%02u:00", day, kNames.at(month - 1), year, hour,
                minute);
  return date;
}

bool names_robot(std::string_view text) {
  const auto senders = addresses_in(text, 3);
  return std::ranges::any_of(senders, [](const auto& a) { return is_robot(a); }) ||
         contains_ignoring_case(text, "mail delivery") ||
         contains_ignoring_case(text, "mailer-daemon");
}

class Cutter {
 public:
  Cutter(std::string_view text, bool reports)
      : text_(text), lines_(split_lines(text)), reports_(reports) {}

  NoticeText run() {
    std::size_t i = 0;
    while (i < lines_.size() && end_ == lines_.size()) i = look_at(i);
    NoticeText out;
    out.lines.assign(lines_.begin() + static_cast<std::ptrdiff_t>(begin_),
                     lines_.begin() + static_cast<std::ptrdiff_t>(end_));
    const auto from = offset(begin_), until = offset(end_);
    out.notice = text_.substr(from, until - from);
    out.returned = text_.substr(std::min(until, text_.size()));
    out.forwarded = std::move(forwarded_);
    out.summary = std::move(summary_);
    out.passed_on = passed_on_;
    return out;
  }

 private:
  std::size_t offset(std::size_t line) const {
    if (line >= lines_.size()) return text_.size();
    if (line == 0) return 0;
    // Empty lines are empty views without a place; count from the nearest line that has one.
    std::size_t back = 0;
    while (line > back && lines_[line - back].text.empty()) ++back;
    const auto& anchor = lines_[line - back].text;
    auto at = anchor.empty() ? 0 : static_cast<std::size_t>(anchor.data() - text_.data());
    for (std::size_t i = 0; i < back; ++i)
      at = std::min(text_.find('\n', at), text_.size() - 1) + 1;
    if (back == 0)
      at = text_.rfind('\n', at) == std::string_view::npos ? 0 : text_.rfind('\n', at) + 1;
    return at;
  }

  // Returns the next line to look at.
  std::size_t look_at(std::size_t i) {
    const auto line = lines_[i].text;
    if (line.empty()) return i + 1;
    if (const auto run = header_run_at(lines_, i)) return take_run(*run);
    if (is_attribution(line)) return take_attribution(i);
    if (is_separator(line) || is_forward_mark(line)) {
      const auto next = next_text(i + 1);
      const auto run = next < lines_.size() ? header_run_at(lines_, next) : std::nullopt;
      if (run && is_bounce_headers(*run)) return i + 1;  // a bounce, quoted
      if (evidence_ || reports_ || (run && run->machine && run->has("received"))) {
        end_ = i;
      } else if (is_forward_mark(line)) {
        begin_ = i + 1;
        passed_on_ = true;
      }
      return i + 1;
    }
    evidence_ = evidence_ || tells_failure(line);
    return i + 1;
  }

  // What stands above a quotation is a person's, unless that already was the notice.
  std::size_t take_attribution(std::size_t i) {
    const auto above = i > 0 ? lines_[i - 1].text : std::string_view();
    const bool robot = names_robot(lines_[i].text) || names_robot(above);
    if (robot) {
      auto who = std::string(above) + " " + std::string(lines_[i].text);
      auto date = date_of_attribution(who);
      forwarded_ = {{"from", std::move(who)}};
      if (!date.empty()) forwarded_.push_back({"date", std::move(date)});
    }
    if (robot || !evidence_) {
      begin_ = i + 1;
      evidence_ = false;
      passed_on_ = true;
    }
    return i + 1;
  }

  std::size_t take_run(const HeaderRun& run) {
    if (is_bounce_headers(run)) {
      // Everything above was a person's.
      forwarded_ = run.headers;
      begin_ = run.end;
      evidence_ = false;
      return run.end;
    }
    if (evidence_ && run.machine &&
        (run.has("from") || run.has("received") || run.has("return-path"))) {
      end_ = run.begin;
      return run.end;
    }
    if (summary_.empty()) summary_ = run.headers;
    // A report may say "From: ... To: ..." of the message before it says what went wrong.
    return run.end;
  }

  std::size_t next_text(std::size_t i) const {
    while (i < lines_.size() && lines_[i].text.empty()) ++i;
    return i;
  }

  std::string_view text_;
  std::vector<TextLine> lines_;
  std::size_t begin_ = 0;
  std::size_t end_ = lines_.size();
  bool reports_;
  bool evidence_ = false;
  bool passed_on_ = false;
  std::vector<MailHeader> forwarded_;
  std::vector<MailHeader> summary_;
};

}  // namespace

bool is_separator(std::string_view line) {
  if (line.size() > 200) return false;
  static const RE2 words(
      R"(copy of (?:the|your)|below this line|below the next line|original (?:message|mail)|returned (?:message|mail|content)|unsent message|undelivered message|message (?:header|text|body|content)s? (?:follow|is|are)|headers? (?:of|from|and)|start of (?:returned|original|message)|message follows|mail follows|forwarded message|mensaje original|ursprüngliche nachricht|originalnachricht|kopie (?:der|ihrer) nachricht|message (?:d['’]origine|original)|messaggio originale|mensagem original|body of (?:the|your) message|returned to sender|元のメッセージ)",
      no_case());
  static const RE2 whole(
      R"(^(?:original message (?:headers?|follows|attached|is attached)|message (?:header|text|body|contents?)s? (?:follow|of)s?.*|old message|your message reads(?: \(in part\))?|your original message|returned message|here is your returned mail|below is (?:a|the) (?:copy|original|header|message)|(?:a|the) copy of (?:the|your) (?:original )?message|included (?:below|is) .{0,40}(?:copy|header|message)|the (?:attachment contains the )?(?:original|first).{0,30} (?:message|lines|headers?).{0,40}|unsent message below|encabezados? de(?:l)? mensajes? original(?:es)?|ursprüngliche nachrichten(?:kopfzeilen|header)|kopfzeilen der ursprünglichen nachricht|en-têtes (?:de|du) messages? d['’]origine|en-têtes de message|intestazioni (?:del )?messaggio originale|cabeçalhos d[ae] mensage(?:m|ns) origina(?:l|is)|oorspronkelijke berichtkoppen|元のメッセージ ヘッダー.*|原始邮件标题.*)\s*[:.]*$)",
      no_case());
  std::size_t dashes = 0;
  while (dashes < line.size() &&
         std::string_view("-=_*+| ").find(line[dashes]) != std::string_view::npos)
    ++dashes;
  // One star and a blank are a list's.
  const auto blanks = static_cast<std::size_t>(std::ranges::count(line.substr(0, dashes), ' '));
  if (dashes - blanks >= 2 && RE2::PartialMatch(line.substr(dashes), words)) return true;
  return RE2::PartialMatch(line, whole);
}

bool tells_failure(std::string_view line) {
  static const RE2 reply(
      R"((?:^|[^0-9.])[45][0-9][0-9][ -]#?(?:[45]\.\d{1,3}\.\d{1,3}|[A-Za-z<'"]))");
  if (RE2::PartialMatch(line, reply)) return true;
  const auto said = phrases_in(line);
  return said.has(Phrase::failure) || said.has(Phrase::delay) || said.has(Phrase::final_failure) ||
         said.has(Phrase::success);
}

NoticeText find_notice(std::string_view text, bool reports, std::size_t notice_bytes_max) {
  // A notice is short; a line that names a forward must be found before the returned message.
  return Cutter(text.substr(0, notice_bytes_max), reports).run();
}

}  // namespace rastro
