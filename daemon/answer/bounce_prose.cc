#include "daemon/answer/bounce_prose.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "core/address.h"
#include "daemon/answer/bounce_address.h"
#include "daemon/answer/bounce_phrases.h"
#include "daemon/answer/bounce_reply.h"

namespace rastro {
namespace {

constexpr std::string_view kFromNotice = "notice text";
constexpr std::size_t kLineMax = 2'000;

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }
std::string pattern(std::string_view before, std::string_view after) {
  return "(?i)" + std::string(before) + "(" + kAddressPattern + ")" + std::string(after);
}

// How much a form of line says that its address is the one that failed.
enum class Form : std::uint8_t {
  none,
  prose,  // somewhere in a sentence that tells of a failure
  // In an SMTP transcript: RCPT TO:<a>
  transcript,
  // Behind a label: "Failed Recipient: a"
  label,
  // At the start of a line, as the subject of what follows: "<a>: host said", "a (mailbox full)"
  heading,
};

struct Hit {
  Form form = Form::none;
  std::string address;
  std::string_view rest;  // of the line, behind the address
};

// "<a@b>: text", "<a@b>... text", "<user> (text)": angle brackets at the start. The local part
// alone is what sendmail writes for its own users.
std::optional<Hit> angle_heading(std::string_view line) {
  static const RE2 kForm(pattern(R"(^["'“«*•·\-–\s]*<?<)", R"(>>?["'”»]?(.*)$)"));
  static const RE2 kLocal(R"(^<([A-Za-z0-9][A-Za-z0-9._+-]{0,63})>(?::|\.\.\.|\s*$|\s+\()(.*)$)");
  std::string address;
  re2::StringPiece rest;
  if (RE2::FullMatch(piece(line), kForm, &address, &rest) ||
      RE2::FullMatch(piece(line), kLocal, &address, &rest))
    return Hit{Form::heading, clean_address(address), {rest.data(), rest.size()}};
  return std::nullopt;
}

// "a@b", "a@b:", "a@b (text)", "a@b on 3/4/2026 10:00", "a@b... text", "'a@b'".
std::optional<Hit> bare_heading(std::string_view line) {
  static const RE2 kForm(pattern(
      R"(^["'“«*•·>\-–\s\[]*(?:mailto:)?)",
      R"(["'”»\]]?((?:\s*<mailto:[^>]*>|\s*<[^>@\s]+@[^>\s]+>)?\s*(?:$|[:,;]\s*$|:\s.*|\(.*|\s\[.*|\.\.\..*|\t.*| - .*| – .*|\s{2,}\S.*|\s(?:on|el|am|le|il|em|op|dnia|den) \d.*|,? error_code.*|\sinvalid address.*|\s(?:not|user|mailbox|unknown|no such|is|was|has|does|could|cannot|rejected|failed|550|55\d|45\d|#\d)\b.*))$)"));
  std::string address;
  re2::StringPiece rest;
  if (RE2::FullMatch(piece(line), kForm, &address, &rest))
    return Hit{Form::heading, clean_address(address), {rest.data(), rest.size()}};
  return std::nullopt;
}

// "Juan Pérez (a@b)<mailto:a@b>", "Juan Pérez <a@b>": Exchange's list of recipients.
std::optional<Hit> named_heading(std::string_view line) {
  static const RE2 kForm(pattern(R"re(^["'“«*•·\-–\s]*[\pL\pN][^<>()@:"]{0,60}["'”»]?\s*[<(\[])re",
                                 R"([>)\]]((?:\s*<mailto:[^>]*>)?\s*:?\s*)$)"));
  std::string address;
  re2::StringPiece rest;
  if (RE2::FullMatch(piece(line), kForm, &address, &rest))
    return Hit{Form::heading, clean_address(address), {rest.data(), rest.size()}};
  return std::nullopt;
}

std::optional<Hit> labelled(std::string_view line) {
  static const RE2 kForm(pattern(
      R"(^[>\-–*•·\s]*(?:direcci[oó]n del destinatario|(?:the )?(?:failed|undeliverable|undelivered|final|intended|invalid|bounced|rejected|original|envelope|destination|unknown|following|mail)?[ -]?(?:recipients?|address(?:es)?|mailbox|user|users?['’]?s? mailbox is full|destinatarios?|destinatários?|empfänger|destinataires?|destinatari|geadresseerde|odbiorca|получатель|受信者|宛先)(?: address| e-?mail| adresse|es|\(s\))?|addressed to|delivery failed(?: for| to)?|user mailbox exceeds allowed size|undeliverable to|undeliverable|unable to deliver (?:the |your )?(?:message|mail)? ?to|(?:invalid )?(?:final )?delivery userid|error-for|user unknown|unknown local[- ]part|no such user|failed|bounced|envelope-to|x-failed-recipients?|sent to|forwarded to)\s*[:=]?\s*[<"'(\[]*(?:mailto:|rfc822;\s*)?)",
      R"((.*)$)"));
  std::string address;
  re2::StringPiece rest;
  if (RE2::FullMatch(piece(line), kForm, &address, &rest))
    return Hit{Form::label, clean_address(address), {rest.data(), rest.size()}};
  return std::nullopt;
}

std::optional<Hit> transcript(std::string_view line) {
  static const RE2 kForm(pattern(R"(\bRCPT TO:\s*<?)", R"(>?(.*)$)"));
  std::string address;
  re2::StringPiece rest;
  if (RE2::PartialMatch(piece(line), kForm, &address, &rest))
    return Hit{Form::transcript, clean_address(address), {rest.data(), rest.size()}};
  return std::nullopt;
}

Hit hit_of(std::string_view line) {
  line = line.substr(0, kLineMax);
  if (line.find('@') == std::string_view::npos && !line.starts_with('<')) return {};
  for (const auto reader : {angle_heading, bare_heading, named_heading, labelled, transcript}) {
    if (auto hit = reader(line)) return std::move(*hit);
  }
  return {};
}

// One recipient's lines: from the one that names it to the next that names somebody.
struct Section {
  std::string address;
  Form form = Form::none;
  std::string body;
};

bool is_known(const KnownAddresses& known, std::string_view address) {
  return std::ranges::any_of(known,
                             [&](const std::string& k) { return equal_ignoring_case(k, address); });
}

class Sections {
 public:
  Sections(const NoticeText& notice, const KnownAddresses& not_these, std::size_t max) {
    bool blank = true;
    for (const auto& line : notice.lines) {
      if (out_.size() > 4 * max) break;
      auto hit = hit_of(line.text);
      // A label or a sentence of the original's headers is no heading.
      const bool usable = hit.form != Form::none && !is_known(not_these, hit.address);
      if (usable) {
        out_.push_back({std::move(hit.address), hit.form, std::string(trim(hit.rest))});
        if (out_.back().body.starts_with(':')) out_.back().body.erase(0, 1);
        if (hit.form == Form::transcript) out_.back().body.clear();
        out_.back().body.push_back('\n');
      } else if (!out_.empty() && (!line.text.empty() || !blank)) {
        out_.back().body.append(line.text).push_back('\n');
      }
      blank = line.text.empty();
    }
    share_bodies();
  }
  const std::vector<Section>& all() const { return out_; }

 private:
  // A list of addresses, and one explanation below it.
  void share_bodies() {
    for (std::size_t i = out_.size(); i-- > 1;) {
      const auto& below = out_[i];
      auto& above = out_[i - 1];
      if (trim(above.body).empty() && above.form == below.form &&
          !equal_ignoring_case(above.address, below.address))
        above.body = below.body;
    }
  }
  std::vector<Section> out_;
};

const RE2& expanded_from() {
  static const RE2 kForm(pattern(
      R"(\((?:expanded from|generated from|originally to|(?:ursprünglich|alias) )[: ]*<?)", ""));
  return kForm;
}

Found remote_in(std::string_view body, std::size_t bytes_max) {
  // Each names a host as its only group; the first that occurs wins.
  static const std::array kForms = {
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
  std::string host;
  for (const auto& form : kForms) {
    if (RE2::PartialMatch(piece(body), *form, &host)) return {tidy(host, bytes_max), kFromNotice};
  }
  return {};
}

// The first paragraph that says something, as one line. "because:" only announces the next.
std::string first_paragraph(std::string_view whole, std::size_t bytes_max) {
  constexpr std::size_t kAnnouncementMax = 60;
  static const RE2 kAlias(expanded_from().pattern() + R"([^)\n]*\)[ :]*)");
  std::string without_alias(whole);
  RE2::Replace(&without_alias, kAlias, "");
  std::string_view body = without_alias;
  std::string announced;
  while (true) {
    const auto begin = body.find_first_not_of(" \n:");
    if (begin == std::string_view::npos) return announced;
    const auto end = std::min(body.find("\n\n", begin), body.size());
    auto text = tidy(body.substr(begin, end - begin), bytes_max);
    const bool announces = text.ends_with(':') && text.size() <= kAnnouncementMax;
    body.remove_prefix(end);
    if (!announces) {
      if (text.size() > 2 && text.front() == '(' && text.find(')') == text.size() - 1)
        return text.substr(1, text.size() - 2);
      return text;
    }
    if (announced.empty()) announced = std::move(text);
  }
}

void describe(std::string_view body, const BounceLimits& limits, BounceRecipient& out) {
  const auto max = limits.value_bytes_max;
  std::string from;
  if (!out.original_recipient && RE2::PartialMatch(piece(body), expanded_from(), &from))
    out.original_recipient = {tidy(from, max), kFromNotice};
  const auto reply = best_reply(body);
  if (!out.diagnostic) {
    auto text = reply.code != 0 ? reply_line(body, reply.at, max) : first_paragraph(body, max);
    if (!text.empty()) out.diagnostic = {std::move(text), kFromNotice};
  }
  if (!out.reply_code && reply.code != 0)
    out.reply_code = {std::to_string(reply.code), kFromNotice};
  if (!out.enhanced_status && reply.status)
    out.enhanced_status = {to_string(*reply.status), kFromNotice};
  if (!out.remote_mta) out.remote_mta = remote_in(body, max);
}

std::vector<BounceRecipient> of_form(const Sections& sections, bool (*wanted)(Form),
                                     const BounceLimits& limits) {
  std::vector<BounceRecipient> out;
  std::vector<std::string> bodies;
  for (const auto& section : sections.all()) {
    if (!wanted(section.form)) continue;
    const auto known = std::ranges::find_if(out, [&](const BounceRecipient& r) {
      return equal_ignoring_case(r.recipient.value, section.address);
    });
    if (known != out.end()) {
      bodies[static_cast<std::size_t>(known - out.begin())] += "\n" + section.body;
    } else if (out.size() < limits.recipients_max) {
      out.push_back({});
      out.back().recipient = {tidy(section.address, limits.value_bytes_max), kFromNotice};
      bodies.push_back(section.body);
    }
  }
  for (std::size_t i = 0; i < out.size(); ++i) describe(bodies[i], limits, out[i]);
  return out;
}

// Addresses in the sentences that tell of a failure; all of the notice when no sentence has one.
std::vector<BounceRecipient> in_sentences(const NoticeText& notice, const KnownAddresses& not_these,
                                          const BounceLimits& limits) {
  std::vector<std::string> found;
  std::string paragraph;
  const auto collect = [&](bool any) {
    for (auto& address : addresses_in(paragraph, limits.recipients_max)) {
      if (is_known(not_these, address) || is_robot(address) || is_known(found, address)) continue;
      if (any || tells_failure(paragraph)) found.push_back(std::move(address));
    }
    paragraph.clear();
  };
  for (const auto& line : notice.lines) {
    if (line.text.empty()) collect(false);
    if (paragraph.size() < 8'000) paragraph.append(line.text).push_back(' ');
  }
  collect(false);
  if (found.empty()) {
    paragraph = notice.notice.substr(0, 32'000);
    collect(true);
  }
  std::vector<BounceRecipient> out;
  for (auto& address : found) {
    if (out.size() >= limits.recipients_max) break;
    out.push_back({});
    out.back().recipient = {tidy(address, limits.value_bytes_max), "notice text, from a sentence"};
  }
  return out;
}

// What one recipient of several shares with nobody: the lines that name it.
std::string lines_about(const NoticeText& notice, std::string_view address) {
  std::string out;
  const auto folded = fold_address(address);
  bool after_rcpt = false;
  for (const auto& line : notice.lines) {
    const bool named = ascii_lower(line.text.substr(0, kLineMax)).find(folded) != std::string::npos;
    if (named || (after_rcpt && !line.text.empty())) out.append(line.text).push_back('\n');
    after_rcpt = named && contains_ignoring_case(line.text, "rcpt to");
    if (out.size() > 16'000) break;
  }
  return out;
}

}  // namespace

std::vector<BounceRecipient> recipients_in(const NoticeText& notice,
                                           const KnownAddresses& not_these,
                                           const BounceLimits& limits) {
  const Sections sections(notice, not_these, limits.recipients_max);
  auto out = of_form(
      sections, [](Form f) { return f == Form::heading; }, limits);
  if (out.empty())
    out = of_form(
        sections, [](Form f) { return f == Form::label; }, limits);
  if (out.empty())
    out = of_form(
        sections, [](Form f) { return f == Form::transcript; }, limits);
  if (out.empty()) out = in_sentences(notice, not_these, limits);
  return out;
}

void add_notice_details(const NoticeText& notice, const BounceLimits& limits,
                        std::vector<BounceRecipient>& recipients) {
  const Sections sections(notice, {}, limits.recipients_max);
  for (auto& recipient : recipients) {
    if (recipient.diagnostic && recipient.enhanced_status && recipient.reply_code) continue;
    std::string body;
    for (const auto& section : sections.all()) {
      if (equal_ignoring_case(section.address, recipient.recipient.value) ||
          (recipient.original_recipient &&
           equal_ignoring_case(section.address, recipient.original_recipient.value)))
        body += section.body + "\n";
    }
    if (best_reply(body).score == 0)
      body += "\n\n" + lines_about(notice, recipient.recipient.value);
    describe(body, limits, recipient);
  }
  // What is said once counts for all who have nothing of their own; for a single recipient, what
  // a server said counts more than how the notice puts it.
  for (auto& recipient : recipients) {
    if (recipient.reply_code || recipient.enhanced_status) continue;
    if (recipients.size() == 1 && recipient.diagnostic.from == kFromNotice &&
        best_reply(notice.notice).code != 0)
      recipient.diagnostic = {};
    if (recipients.size() == 1 || !recipient.diagnostic) describe(notice.notice, limits, recipient);
  }
}

Found reporting_mta_in(std::string_view notice, std::size_t bytes_max) {
  static const std::array kForms = {
      std::make_unique<RE2>(
          R"((?i)(?:mail system|postfix program|mail server|program) at (?:host )?([a-z0-9][a-z0-9.-]*\.[a-z0-9-]+))"),
      std::make_unique<RE2>(
          R"((?i)delivery status notification from ([a-z0-9][a-z0-9.-]*[a-z0-9]))"),
      std::make_unique<RE2>(
          R"((?i)(?:generating server|servidor de generación|servidor generador|generierender server|serveur (?:de génération|générateur)|server di generazione|servidor (?:de geração|gerador)|genererende server|generująca serwer|сервер создания|生成サーバー)\s*:\s*([a-z0-9][a-z0-9.-]*[a-z0-9]))"),
      std::make_unique<RE2>(
          R"((?i)(?:dsn generated by|ndr generated by|message generated by|dsn generado por)\s*:?\s*([a-z0-9][a-z0-9.-]*\.[a-z0-9.-]*[a-z0-9]))"),
      std::make_unique<RE2>(R"((?i)hours? on the queue on ([a-z0-9][a-z0-9.-]*\.[a-z0-9-]+))"),
      std::make_unique<RE2>(
          R"((?i)this (?:message|report|e-?mail) (?:is|was|comes) (?:generated |sent |created )?(?:from|by) (?:the )?(?:mail server |host )?([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+){1,}))")};
  std::string host;
  for (const auto& form : kForms) {
    if (RE2::PartialMatch(piece(notice), *form, &host)) {
      while (host.ends_with('.')) host.pop_back();
      return {tidy(host, bytes_max), kFromNotice};
    }
  }
  return {};
}

Found message_id_in(std::string_view notice, std::size_t bytes_max) {
  static const RE2 kForm(
      R"((?im)^[^\n<>]{0,40}(?:message[- ]?id(?:entifier)?|id\.? (?:de|del|do) mensaje|nachrichten-id|messagem-id|identificador)[^\n<>]{0,20}(<[^<>\s]{3,500}@[^<>\s]{1,300}>))");
  std::string id;
  if (RE2::PartialMatch(piece(notice), kForm, &id)) return {tidy(id, bytes_max), kFromNotice};
  return {};
}

std::vector<Found> queue_ids_in(std::string_view notice, std::size_t bytes_max) {
  static const std::array kForms = {
      // Exim: "The message identifier is: 1abcDE-0001Ab-2C", both lengths.
      std::make_unique<RE2>(
          R"((?i)message identifier is:?\s+([0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4})\b)"),
      // Sendmail: "The original message was received at ... from ... with id 1AP9UCxy001234".
      std::make_unique<RE2>(R"((?m)^\s*with id ([0-9A-Za-z]{8,24})\s*$)"),
      std::make_unique<RE2>(
          R"((?i)queue[- ]?id(?:entifier)?(?: is)?\s*[:=]\s*<?([0-9A-Za-z]{8,24}(?:-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4})?)\b)")};
  std::vector<Found> out;
  std::string id;
  for (const auto& form : kForms) {
    if (RE2::PartialMatch(piece(notice), *form, &id))
      out.push_back({tidy(id, bytes_max), kFromNotice});
  }
  return out;
}

}  // namespace rastro
