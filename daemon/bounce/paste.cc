#include "daemon/bounce/paste.h"

#include <re2/re2.h>

#include <array>
#include <memory>
#include <string_view>

#include "core/address.h"
#include "daemon/bounce/address.h"
#include "daemon/bounce/lines.h"

namespace rastro {
namespace {

constexpr std::size_t kLongLine = 100;
constexpr std::size_t kTextMax = 64 * 1024;

// What an MTA says first about a recipient on its own account: the words of a server, which may
// name the recipient too, begin otherwise ("550 5.1.1 <a@b>: Recipient address rejected").
constexpr const char* kOwnWords =
    R"((?:host \S+ ?\[|connect to |lost connection |conversation with |host or domain name |unknown user\b|user unknown\b|mail for |delivery temporarily |command died |temporary failure|maildir delivery |can't create |bad address syntax|no such user|sorry,|remote host said:|\S+ does not like recipient|connected to |delivery failed))";
constexpr const char* kEximWords =
    R"((?:host \S+ \[|SMTP error from |Unrouteable address|unrouteable mail domain|all relevant MX |all hosts |retry time|unknown (?:user|local)|no such user|user unknown|mailbox is full|lowest numbered MX |\((?:ultimately )?generated from ))";

// Whether the text that ends here is a server's, about to name the recipient: "550 5.1.1 ".
bool inside_of_reply(std::string_view before) {
  before = trim(before);
  if (before.empty()) return false;
  const char last = before.back();
  if (last >= '0' && last <= '9') return true;
  static const RE2 command(R"((?i)(?:to|from):$)");
  return RE2::PartialMatch(before.substr(before.size() < 12 ? 0 : before.size() - 12), command);
}

// Puts `between` before each place where `form` is found; its first group is what begins there,
// its second, if it has one, what goes to a line below.
std::string broken_before(std::string_view line, const RE2& form, bool fields) {
  std::string out;
  re2::StringPiece rest(line.data(), line.size());
  re2::StringPiece begin;
  re2::StringPiece below;
  const bool two = form.NumberOfCapturingGroups() > 1;
  std::size_t done = 0;
  while (two ? RE2::FindAndConsume(&rest, form, &begin, &below)
             : RE2::FindAndConsume(&rest, form, &begin)) {
    const auto at = static_cast<std::size_t>(begin.data() - line.data());
    if (at == 0 || (!fields && inside_of_reply(line.substr(0, at)))) continue;
    out.append(trim(line.substr(done, at - done))).append("\n\n");
    done = at;
    if (!two) continue;
    const auto words = static_cast<std::size_t>(below.data() - line.data());
    out.append(trim(line.substr(at, words - at))).append("\n    ");
    done = words;
  }
  if (done == 0) return std::string(line);
  return out.append(line.substr(done));
}

// `form` on each line of `text`.
std::string broken_lines(const std::string& text, const RE2& form, bool fields = false) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = std::string_view(text).substr(at, end - at);
    out += line.size() < kLongLine ? std::string(line) : broken_before(line, form, fields);
    if (end < text.size()) out.push_back('\n');
    at = end + 1;
  }
  return out;
}

bool has_long_line(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (end - at >= kLongLine && text.substr(at, end - at).find('@') != std::string_view::npos)
      return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

std::string with_line_ends(std::string text) {
  static const std::string address = std::string("<?") + address_pattern() + ">?";
  static const std::string angle = std::string("<") + address_pattern() + ">";
  static const std::array forms = {
      // Postfix and qmail; Stalwart and sendmail; Exim; OpenSMTPD and others.
      std::make_unique<RE2>("(?i)[\\s)\\]](" + angle + R"((?: \(expanded from [^)]{1,300}\))?: ?)" +
                            kOwnWords + ")"),
      std::make_unique<RE2>("(?i)[.!)] (" + angle + R"(: ?)[A-Za-z])"),
      std::make_unique<RE2>("(?i)\\s(" + angle + R"re( +\([A-Za-z]))re"),
      std::make_unique<RE2>("(?i)[\\s](" + address + ")\\s+(" + kEximWords + ")"),
      std::make_unique<RE2>("(?i)\\s(" + address + ": )[A-Za-z45]"),
      std::make_unique<RE2>("(?i)\\s((?:unknown user|failed recipient): ?" + address + ")"),
      // Outlook: "'a@b' on 11/3/2026 4:05 PM 550 No such user here".
      std::make_unique<RE2>("(?i)\\s('?" + address + R"('? on \d{1,2}/\d{1,2}/\d{4} ))"),
      std::make_unique<RE2>("(?i)\\s(?:program|system) (" + angle + R"(: ?)\S)"),
      // Of a transcript.
      std::make_unique<RE2>("(?i)\\s(" + address + R"re(\.\.\. )[A-Za-z])re"),
      std::make_unique<RE2>(R"(\s(-{3,} ?[A-Z][a-z]))"),
      std::make_unique<RE2>(R"re(\s((?:<<<|>>>|\.\.\. while talking to) ))re"),
      // What stands below all that.
      std::make_unique<RE2>(
          R"(\s(Message could not be delivered for \d|Our internal reference code |First upstream SMTP client |_{20,} |Warning: message still |Below is a copy of the original |Will keep trying until |Original message follows|Message headers follow|Please reply to ))"),
      std::make_unique<RE2>(
          R"((?i)\S (?:-- )?((?:reason|motivo|causa|razón|raison|motif|grund|ursache|orsak|årsag|årsak|reden|oorzaak|powód|przyczyna|důvod|razão|причина|原因|理由|사유) ?[:：] ?\S))"),
  };
  static const RE2 titled(R"(( *-{3,} ?[A-Z][^-\n]{3,80}-{3,})[ \t]+)");
  static const RE2 field(
      R"(\s((?:Reporting-MTA|Arrival-Date|Final-Recipient|Original-Recipient|Action|Status|Remote-MTA|Diagnostic-Code|Last-Attempt-Date|Will-Retry-Until|X-Postfix-Queue-ID|X-Postfix-Sender|Message-I[dD]|Return-Path|Received|smtp_code|reason|std_reason|Notification): ?\S))");
  // Exchange and Domino name the subject, which may hold any words, before they say what happened.
  static const RE2 subject(
      R"((?i)[ \t](subject: [^\n]{0,300}?)[ \t](?:(sent: [^\n]{8,60}?)[ \t])?(did not reach the following|was not delivered to:))");
  if (text.size() > kTextMax || !has_long_line(text)) return text;
  RE2::GlobalReplace(&text, subject, "\n\\1\n\\2\n\n\\3");
  if (text.find("Final-Recipient:") != std::string::npos &&
      text.find("Action:") != std::string::npos) {
    text = broken_lines(text, field, true);
  }
  for (const auto& form : forms) text = broken_lines(text, *form);
  RE2::GlobalReplace(&text, titled, "\\1\n");
  return text;
}

std::string with_whole_replies(std::string text) {
  const auto code_of = [](std::string_view line) {
    const bool code = line.size() > 4 && (line[0] == '4' || line[0] == '5') && line[1] >= '0' &&
                      line[1] <= '9' && line[2] >= '0' && line[2] <= '9' &&
                      (line[3] == '-' || line[3] == ' ');
    return code ? line.substr(0, 3) : std::string_view();
  };
  if (text.size() > kTextMax) return text;
  const auto lines = split_lines(text);
  std::string out;
  std::string_view begun;  // the code of a reply whose last line is still to come
  std::size_t blanks = 0;
  std::size_t taken = 0;
  for (const auto& line : lines) {
    if (line.text.empty()) {
      ++blanks;
      continue;
    }
    const auto code = code_of(line.text);
    const bool same = !begun.empty() && code == begun;
    taken += same ? blanks : 0;
    out.append(same ? 0 : blanks, '\n');
    blanks = 0;
    out.append(line.indent, ' ').append(line.text).push_back('\n');
    begun = !code.empty() && line.text[3] == '-' ? code : std::string_view();
  }
  return taken == 0 ? text : out;
}

std::string without_address_links(std::string text) {
  static const RE2 form(std::string("(?i)(") + address_pattern() + R"()(\s?<mailto:()" +
                        address_pattern() + ")>)");
  if (text.size() > kTextMax || text.find("<mailto:") == std::string::npos) return text;
  std::string out;
  re2::StringPiece rest(text);
  re2::StringPiece name;
  re2::StringPiece link;
  re2::StringPiece target;
  std::size_t done = 0;
  while (RE2::FindAndConsume(&rest, form, &name, &link, &target)) {
    if (!equal_ignoring_case({name.data(), name.size()}, {target.data(), target.size()})) continue;
    const auto begin = static_cast<std::size_t>(link.data() - text.data());
    out.append(text, done, begin - done);
    done = begin + link.size();
  }
  return out.append(text, done);
}

std::string with_plain_addresses(std::string text) {
  if (text.size() > kTextMax || text.find('@') != std::string::npos) return text;
  static const RE2 said(
      R"re((?i)((?:^|[\s("])(?:to|for|recipients?|users?|address(?:es)?|mailbox|rcpt|destinatario|para|a|an|à|pour)[:\s"'(]+|<|\n[ \t]*)([a-z0-9][a-z0-9._+-]{0,63}) (?:at|\(at\)|\[at\]) ([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}\b))re");
  static const RE2 marked(
      R"re((?i)\b([a-z0-9][a-z0-9._+-]{0,63}) ?[(\[]at[)\]] ?([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}\b))re");
  // "the mail system at host x", "talk to support at example.org's desk"
  static const RE2 no_user(
      R"re((?i)^(?:host|hosts|system|server|program|mailer|gateway|service|site|machine|domain|mail|available|arrived|received|looked|look|sent|us|me|is|it|and|please)$)re");
  RE2::GlobalReplace(&text, marked, R"(\1@\2)");
  std::string out;
  re2::StringPiece rest(text);
  re2::StringPiece before;
  re2::StringPiece local;
  re2::StringPiece domain;
  std::size_t done = 0;
  while (RE2::FindAndConsume(&rest, said, &before, &local, &domain)) {
    if (RE2::FullMatch(local, no_user)) continue;
    const auto local_end = static_cast<std::size_t>(local.data() + local.size() - text.data());
    out.append(text, done, local_end - done).push_back('@');
    done = static_cast<std::size_t>(domain.data() - text.data());
  }
  return out.append(text, done);
}

}  // namespace rastro
