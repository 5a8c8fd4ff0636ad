#include "daemon/bounce/cause.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <memory>

#include "core/address.h"
#include "daemon/bounce/address.h"
#include "daemon/bounce/lines.h"
#include "daemon/bounce/notice.h"
#include "daemon/bounce/phrases.h"
#include "daemon/bounce/reply.h"

namespace rastro {
namespace {

const RE2& expanded_from() {
  static const RE2 form(
      std::string(
          R"((?i)(?:original (?:address|recipient)|\((?:expanded from|(?:ultimately )?generated from|originally to|(?:ursprünglich|alias) ))[:\s]*<?()") +
      address_pattern() + ")");
  return form;
}

// "juan (User account is expired)", "Unknown user ----> juan@b", "Technical details of permanent
// failure: ...": without what names the recipient or only announces.
std::string without_names(const std::string& text) {
  static const RE2 name(R"([A-Za-z0-9][A-Za-z0-9._-]{0,63} \(([^()]{4,200})\))");
  static const RE2 sendmail(R"(^<?[^\s@<>]+@[^\s@<>]+>?\.\.\. ?)");
  static const RE2 arrow(R"(\s*-{2,}>\s*<?[^\s@]+@[^\s@]+>?$)");
  static const RE2 announced(R"((?i)^technical details of (?:permanent|temporary) failure:\s*)");
  std::string said;
  if (RE2::FullMatch(text, name, &said)) return said;
  said = text;
  RE2::Replace(&said, sendmail, "");
  RE2::Replace(&said, arrow, "");
  RE2::Replace(&said, announced, "");
  return said.empty() ? text : said;
}

// The first paragraph; the one below it when that only says to whom it was: "Your message to a@b
// couldn't be delivered." and then "a wasn't found at b."
std::string cause_in(std::string_view body, std::size_t bytes_max) {
  constexpr std::size_t kShort = 160;
  auto said = first_paragraph(body, bytes_max);
  if (said.size() > kShort || said.find('@') == std::string::npos) return said;
  const auto at = body.find(said);
  if (at == std::string_view::npos || !tells_failure(said)) return said;
  auto below = first_paragraph(body.substr(at + said.size()), bytes_max);
  return below.size() > kShort || !below.ends_with('.') ? said : below;
}

// Sendmail sums up with "554 <a@b>... Service unavailable" what its mailer said on the line above.
std::string mailer_words(std::string_view body, std::size_t at, std::size_t bytes_max) {
  static const RE2 form(R"((?m)^[ \t]*[A-Za-z][A-Za-z0-9._/-]{1,40}: (\S[^\n]{3,300})\n[ \t]*$)");
  const auto end = body.rfind('\n', at);
  if (end == std::string_view::npos) return {};
  const auto above = body.substr(0, end + 1);
  const auto begin = above.substr(0, end).rfind('\n');
  re2::StringPiece said;
  if (!RE2::PartialMatch(above.substr(begin == std::string_view::npos ? 0 : begin + 1), form,
                         &said))
    return {};
  return tidy({said.data(), said.size()}, bytes_max);
}

// "Additional information follows :" and below it "-- 5.4.1 Access denied", what a server said.
std::string told_besides(std::string_view body, std::size_t bytes_max) {
  static const RE2 form(
      R"((?i)\badditional information(?: follows)?\s*:\s*(?:-- )?([45]\.\d\.\d{1,3} +\pL[^\n]*))");
  re2::StringPiece said;
  if (!RE2::PartialMatch(body, form, &said)) return {};
  return tidy({said.data(), said.size()}, bytes_max);
}

// "The problem appears to be :" and below it "-- Recipient server unavailable".
std::string told_problem(std::string_view body, std::size_t bytes_max) {
  static const RE2 form(
      R"((?i)\bthe (?:problem|error|reason|cause)(?: for this)? (?:appears to be|seems to be|was|is)\s*:\s*(?:-- )?([^\s:-][^\n]*))");
  re2::StringPiece said;
  if (!RE2::PartialMatch(body, form, &said)) return {};
  return tidy({said.data(), said.size()}, bytes_max);
}

}  // namespace

Found remote_in(std::string_view body, std::size_t bytes_max) {
  // Each names a host as its only group; the first that occurs wins.
  static const std::array forms = {
      std::make_unique<RE2>(R"((?i)\bhost ([a-z0-9][a-z0-9.-]*)\s*\[)"),
      std::make_unique<RE2>(R"((?i)while talking to \[?([a-z0-9.:-]*[a-z0-9])\]?\.?:?)"),
      std::make_unique<RE2>(R"((?i)connect to ([a-z0-9][a-z0-9.-]*)\[)"),
      std::make_unique<RE2>(R"((?i)\bby ([a-z0-9][a-z0-9.-]*[a-z0-9])\.? \[[0-9a-f.:]+\])"),
      std::make_unique<RE2>(R"((?i)\bSMTP Server <([^>\s]{1,255})>)"),
      std::make_unique<RE2>(
          R"((?i)remote (?:server|system|host|mta)[: ]+(?:dns;)?\(?([a-z0-9][a-z0-9.-]*\.[a-z0-9.-]*[a-z0-9]))"),
      std::make_unique<RE2>(
          R"((?im)^\s*([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+)(?: \([0-9a-f.:]+\))? (?:gave this error|rejected your message|remote server returned|does not like recipient|failed after|said:|replied|returned))"),
      std::make_unique<RE2>(
          R"((?i)\b([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+)(?:\[[0-9a-f.:]+\])? (?:said|responded|replied):)"),
      std::make_unique<RE2>(R"((?im)^\s*([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+) \[[0-9a-f.:]+\]:)"),
      std::make_unique<RE2>(R"((?i)connected to ([0-9.]{7,15}|[a-z0-9.-]+\.[a-z]{2,}))"),
      std::make_unique<RE2>(R"((?im)^host: ([a-z0-9][a-z0-9.-]*))"),
      std::make_unique<RE2>(R"((?im)^\s*<?([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+) #<?#?[45])")};
  constexpr std::size_t kHead = 32'000;
  body = body.substr(0, kHead);
  std::string host;
  for (const auto& form : forms) {
    if (RE2::PartialMatch(body, *form, &host)) return {tidy(host, bytes_max), kFromNotice};
  }
  return {};
}

std::string first_paragraph(std::string_view whole, std::size_t bytes_max) {
  constexpr std::size_t kAnnouncementMax = 100;
  static const RE2 alias(expanded_from().pattern() + R"([^)\n]*\)[ :]*)");
  static const RE2 boilerplate(
      R"((?i)^(?:[-_=*~#+ ]{4,}$|an undisclosed address(?: \([^)]*\))?$|\W*(?:to|cc): ?<?[^\s@]+@\S+$|(?:[*•·-]+ )?(?:"[^"]*" )?<?[^\s@]+@[^\s@]+>?:?$|_{5,} ?\pL[^\n]{0,100}_{5,}|(?:<?[^\s@]+@[^\s@]+[>,;]* ?)+$|[^\s@]+@\S+ ?様$|(?:dear|hello|hola|estimad[oa]s?|sehr geehrte\pL*|guten tag|bonjour|gentile|prezad[oa]|olá|caro|cher|chère)\b(?:[^.\n]|\.\S){0,60}[,:!]?$|a message that you (?:have )?sent (?:could not|has not)[^\n]{0,80}recipients\.(?: this is a permanent error\.)?$|\W*this (?:e-?mail|message) (?:has come from|has been scanned|and any|is confidential|is intended)|est[ea] (?:mensaje|correo)[^.\n]{0,30} ha sido (?:analizad|escanead|verificad|comprobad)|this (?:message )?is (?:in |a )mime|portions of this message|(?:subject|asunto|betreff|objet|oggetto|assunto|onderwerp|temat|тема|předmět|ämne|emne|件名|主题|主旨|from|to|de|von|para|date|sent) ?[:：]|the [\w. ()-]{0,40} program$|no action is required|original message|for further assistance|if you|please (?:contact|do not)|learn more|-+ ?session transcript|\*{4,}|---|this is an automatically generated|this is a delivery status notification|this is a multi-part|hi\. this is|please reply to|(?:a|la) copia|reporting-mta:|final-recipient:|original-recipient:|action: \pL+(?:$| [\w-]+:)|status: \d|original-envelope-id:|arrival-date:|remote-mta:|hi!|this is the mail|this message was created automatically))");
  // Lines of dashes and the like end what is above them.
  static const RE2 rule(R"((?m)^[ \t]*[-_=*~#+]{5,}[ \t]*$)");
  static const RE2 heading(
      R"((?im)^[ \t]*-{3,} ?[^\n]{0,60}\b(?:transcript|session|errors|addresses|recipients)\b[^\n]*-{3,}[ \t]*$)");
  std::string without_alias(whole);
  RE2::Replace(&without_alias, alias, "");
  RE2::GlobalReplace(&without_alias, rule, "");
  RE2::GlobalReplace(&without_alias, heading, "\n");
  std::string_view body = without_alias;
  std::string announced;
  while (true) {
    const auto begin = body.find_first_not_of(" \n:.");
    if (begin == std::string_view::npos) return announced;
    const auto end = std::min(body.find("\n\n", begin), body.size());
    auto text = tidy(body.substr(begin, end - begin), bytes_max);
    const bool announces = (text.ends_with(':') && text.size() <= kAnnouncementMax) ||
                           RE2::PartialMatch(text, boilerplate) || is_scan_note(text);
    body.remove_prefix(end);
    if (!announces) {
      const bool round = text.starts_with('(') && text.find(')') == text.size() - 1;
      const bool square = text.starts_with('[') && text.find(']') == text.size() - 1;
      if (text.size() > 2 && (round || square)) return text.substr(1, text.size() - 2);
      return without_names(text);
    }
    if (announced.empty() && text.ends_with(':') && text.find('@') == std::string::npos)
      announced = std::move(text);
  }
}

std::string stated_reason(std::string_view body, std::size_t bytes_max) {
  static const RE2 form(
      R"((?i)(?:^|\n)[ \t]*(?:[^\n:]{0,60}\b(?:following|siguientes?|folgenden?m?|suivante?s?) )?(?:(?:error|reject(?:ion)?|bounce|failure|return) )?(?:reasons?|motivos?|causas?|razón|razones|razão|razões|gr[uü]nde?|raisons?|motifs?|退信原因|причин[аи]|原因|理由|důvod|dôvod|årsag|årsak|orsak|syy|indok|motivul|razlog|neden(?:i)?|sebep|pow[oó]d|przyczyna|reden|oorzaak|λόγος|αιτία|priežastis|iemesls|alasan|lý do|사유|이유)(?:\(s\))?\s*(?::|：)\s*([^\s:][^\n]*(?:\n[^\n]+)*))");
  // The next line is a field of its own: "target mail address: a@b".
  static const RE2 next_field(
      R"((\n[ \t]*[^\x01-@\[-`{-\x7F](?:[ ()/-]|[^\x01-@\[-`{-\x7F]){1,40}: *<?[^\s@]+@[^\s@]+[ \t]*(?:\n|$)))");
  re2::StringPiece reason;
  if (!RE2::PartialMatch(body.substr(0, 16'000), form, &reason))
    return told_problem(body.substr(0, 16'000), bytes_max);
  std::string_view said(reason.data(), reason.size());
  re2::StringPiece next;
  if (RE2::PartialMatch(said, next_field, &next))
    said = said.substr(0, static_cast<std::size_t>(next.data() - said.data()));
  auto stated = tidy(said, bytes_max);
  // "for the following reason:", and below it only "The following recipients were not reached:".
  return stated.ends_with(':') ? std::string() : stated;
}

std::string quoted_response(std::string_view notice, std::size_t bytes_max) {
  static const RE2 form(
      R"((?i)(?:^|\n)[ \t]*(?:the response(?: from the remote server)? was|la respuesta(?: del servidor remoto)? (?:fue|es la siguiente)|la réponse(?: du serveur distant)? (?:est la suivante|était)|die antwort(?: des remoteservers)? (?:lautete?|war)|la risposta(?: del server remoto)? (?:è stata|era)|a resposta(?: do servidor remoto)? foi|antwort|respuesta|réponse|risposta|resposta|response|ответ)\s*:\s*([^\s:][^\n]*(?:\n[^\n]+)*))");
  re2::StringPiece said;
  if (!RE2::PartialMatch(notice.substr(0, 16'000), form, &said)) return {};
  return tidy({said.data(), said.size()}, bytes_max);
}

bool names_cause(std::string_view text) { return phrases_in(text).has(Phrase::cause); }

bool is_scan_note(std::string_view text) {
  constexpr std::size_t kShort = 400;
  static const RE2 scanned(
      R"((?i)\b(?:(?:e-?)?mails?|messages?|attachments?|mensajes?|correos?|nachricht(?:en)?|messaggi[oe]?|mensagem)\b[^.]{0,120}\b(?:(?:has|have) been|was|were|is|are|ha sido|fue|wurde|a été|è stat[oa]|foi)\s(?:\pL+ ){0,2}(?:scanned|checked|swept|screened|analizad|escanead|verificad|comprobad|geprüft|überprüft|analysé|vérifié|controllat|analisad)|\b(?:scanned|checked|protected|certified) (?:for (?:all )?virus\pL* )?(?:and \pL+ )?by\b|\b(?:virus|spam)[- ](?:free|checked|scanned)\b)");
  static const RE2 found(
      R"((?i)\b(?:infected|(?:was|were|been) found|found (?:a|the|to (?:be infected|contain))|contain(?:s|ed|ing)? (?:a |the )?(?:virus|malware)|detected|reject|refus|violat|prohibit|not allowed|removed|stripped|block|quarantin|not (?:be )?deliver|classified|identified|considered|categori[sz]ed|marked|tagged|(?:is|as|be|was|likely|possible|probable) spam\b|spam content|bounced|returned|denied|failed|clasificad|considerad|identificad|marcad|como spam|denegad|devuelt|eingestuft|considéré|infizier|infectad|bloquead|rechazad))");
  text = text.substr(0, kShort);
  return RE2::PartialMatch(text, scanned) && !RE2::PartialMatch(text, found);
}

std::string paragraph_of_cause(std::string_view body, std::size_t bytes_max) {
  constexpr std::size_t kShort = 240;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find("\n\n", at), body.size());
    const auto text = trim(body.substr(at, end - at));
    at = end + 2;
    if (!text.empty() && text.size() <= kShort && text.find('\n') == std::string_view::npos &&
        names_cause(text) && !is_scan_note(text))
      return tidy(text, bytes_max);
  }
  return {};
}

std::string broken_session(std::string_view body, std::size_t bytes_max) {
  static const RE2 form(
      R"((?im)^[^\n]{0,60}\d\d:\d\d(?::\d\d)?[\]:,]* (?:-->|<--|\*)? ?((?:winsock|socket|connection|dns|ssl|tls)[^\n]{0,20} (?:error|timed out|refused|reset|closed)[^\n]{0,200})$)");
  re2::StringPiece said;
  if (!RE2::PartialMatch(body.substr(0, 16'000), form, &said)) return {};
  return tidy({said.data(), said.size()}, bytes_max);
}

void describe(std::string_view body, const BounceLimits& limits, BounceRecipient& out) {
  const auto max = limits.value_bytes_max;
  std::string from;
  if (!out.original_recipient && RE2::PartialMatch(body, expanded_from(), &from))
    out.original_recipient = {tidy(from, max), kFromNotice};
  const auto reply = best_reply(body);
  if (!out.diagnostic) {
    std::string text;
    if (reply.code != 0) text = reply_line(body, reply.at, max);
    if (text.ends_with("... Service unavailable")) {
      auto said = mailer_words(body, reply.at, max);
      if (!said.empty()) text = std::move(said);
    }
    // "550]" or "Status code: 550 5.1.10": the words stand elsewhere.
    const bool bare = std::ranges::none_of(
        text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
    if (reply.code != 0 && bare) {
      auto said = stated_reason(body, max);
      if (said.empty()) said = cause_in(body, max);
      if (!said.empty()) text = std::move(said);
    } else if (reply.code == 0) {
      const auto head = body.substr(0, 16'000);
      text = reply.status ? told_besides(head, max) : stated_reason(body, max);
      if (text.empty() && reply.status) text = told_problem(head, max);
      if (text.empty()) text = first_paragraph(body, max);
      // "Your message ran into problems", and the cause in a paragraph of its own.
      if (const auto below = paragraph_of_cause(body, max); !below.empty() && !names_cause(text))
        text = below;
    }
    if (!text.empty()) out.diagnostic = {std::move(text), kFromNotice};
  }
  if (!out.reply_code && reply.code != 0)
    out.reply_code = {std::to_string(reply.code), kFromNotice};
  const auto told = first_status(out.enhanced_status.value);
  const bool vague = !told || (told->subject == 0 && told->detail == 0);
  if (vague && reply.status && (!told || reply.status->subject + reply.status->detail != 0))
    out.enhanced_status = {to_string(*reply.status), kFromNotice};
  if (!out.remote_mta) out.remote_mta = remote_in(body, max);
}

}  // namespace rastro
