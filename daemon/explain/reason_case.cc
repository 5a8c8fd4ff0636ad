#include "daemon/explain/reason_case.h"

#include <re2/re2.h>

#include "core/address.h"
#include "core/ip_networks.h"
#include "core/unfinished_check.h"

namespace rastro {
namespace {

bool has_words(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

// HELO and reverse DNS, which who runs this server sets; SPF, DKIM and DMARC are the sender
// domain's. A page, an address or a host may be called anything, and so may any computer.
bool is_about_server_name(std::string_view reply) {
  static const RE2 names(R"(https?:[^\s]*|www\.[^\s]*|[^\s]*@[^\s]*|[\w-]+(\.[\w-]+)*\.[a-z]{2,})");
  static const RE2 asked(R"(in reply to (helo|ehlo) command)");
  static const RE2 server_name(
      R"(\b(helo|ehlo)(\b|host|ip\b)|\br-?dns|\bptr\b|\.7\.25\b|\bdns (inverso|reverso|inverse)|\binverse dns)"
      R"(|\breverse[ -]?(dns|lookup|host ?name|name|entr|record|mapping|map|resol|pointer))"
      R"(|\bforward[ /-](and )?reverse|\breverse (and|/) forward)"
      R"(|\b(your|its|own|find|resolve|real|client|server|remote|sending|fully[ -]qualified|generic|valid|no|forged) host ?name)"
      R"(|\bhost ?name (verif|mismatch|lookup|resol|is (generic|not)|does|must|could not|cannot))"
      R"(|\bhost rejected: host ?name|\bgreeting name)");
  static const RE2 sender_domain("spf|dkim|dmarc|(sender|sending) domain");
  auto text = ascii_lower(reply);
  RE2::GlobalReplace(&text, names, "#");
  RE2::GlobalReplace(&text, asked, "#");
  return RE2::PartialMatch(text, server_name) && !RE2::PartialMatch(text, sender_domain);
}

// A message for {original} went on to an address elsewhere, and that copy failed: there is nothing
// that its sender could do about it.
ReasonCase forward_case(const LegRecipient& recipient, WhoseMove move) {
  ReasonCase out{.texts = "", .base = "forward.", .beside = true};
  switch (recipient.reason) {
    case Reason::spam_content:
    case Reason::sender_rejected:
      out.texts = "forward_target.";
      out.move = WhoseMove::us;
      return out;
    default:
      break;
  }
  if (move == WhoseMove::us || move == WhoseMove::nobody) return out;
  out.texts = "forward_target.";
  out.move = WhoseMove::recipient;
  return out;
}

// What a relay of ours says about our account there, or about who may send through it. What it says
// about the recipient it may have from the recipient's server.
bool is_about_account(Reason reason) {
  switch (reason) {
    case Reason::relay_denied:
    case Reason::auth_required:
    case Reason::sender_rejected:
    case Reason::rate_limited:
    case Reason::reputation:
      return true;
    default:
      return false;
  }
}

bool may_be_of_account(Reason reason) {
  return is_about_account(reason) || reason == Reason::mailbox_disabled ||
         reason == Reason::local_policy;
}

// A machine of our own network that does not let us through: whichever of the two is set up wrong,
// nobody outside can help.
bool is_own_machine_closed(const LegRecipient& recipient) {
  return is_private_network(recipient.relay.ip) && recipient.reply_code != 0 &&
         (recipient.reason == Reason::relay_denied || recipient.reason == Reason::auth_required);
}

// Told by this server's own rules or routers, without asking another one.
bool is_said_here(const LegRecipient& recipient) {
  const std::string_view reply = recipient.reply_text;
  return recipient.relay.ip.empty() && recipient.reply_code == 0 &&
         !reply.starts_with("delivery temporarily suspended: ") && !has_words(reply, " said: ") &&
         !has_words(reply, "refused to talk to me") && !has_words(reply, "remote mail server") &&
         (recipient.relay.host.empty() || recipient.relay.host == recipient.agent ||
          recipient.agent == "pipe");  // names its service
}

bool is_said_at_mail_from(std::string_view reply) {
  return has_words(reply, "(in reply to MAIL FROM command)") ||
         has_words(reply, "after MAIL FROM:<");
}

// For that server the domain of the sender is not there or takes no mail.
bool is_about_sender_domain(std::string_view reply) {
  static const RE2 domain(
      R"((?i)\bdomain\b.{0,60}\b(?:not (?:found|exist|resolve|accept (?:e-?)?mail|be (?:found|resolved))|has no|no (?:valid )?(?:mx|a|dns)\b|doesn't (?:exist|resolve)|null ?mx))");
  static const RE2 sender(
      R"((?i)\bsender address rejected: domain\b|\bdomain of (?:your |the )?sender\b|\bsender(?:'s)?(?: e-?mail)?(?: address)? domain\b)");
  // Who is refused for a record that is not there, is refused for his domain.
  static const RE2 records(
      R"((?i)(?:\b(?:no|not|cannot|without|lacks?|missing)\b|n't)[^.]{0,40}\b(?:mx|aaaa|dns|mail exchangers?)\b|\b(?:mx|dns|a) (?:records?|look-?up|check)\b[^.]{0,20}\b(?:not|no|fail\w*|missing)\b|\bsdnf\b)");
  return RE2::PartialMatch(reply, records) ||
         (RE2::PartialMatch(reply, domain) &&
          (is_said_at_mail_from(reply) || RE2::PartialMatch(reply, sender)));
}

// What only a service that sends for its customers says, to the customer: our account there, or the
// addresses that we have shown it to be ours.
bool is_about_our_account(std::string_view reply) {
  static const RE2 words(
      R"((?i)\byour (?:\w+ ){0,3}account\b|\bverified sender identit|\bdomain\b[^.]{0,60} (?:is )?not verified\b|\be-?mail address is not verified\b)");
  return RE2::PartialMatch(reply, words);
}

// How much that one recipient may get in a time: whoever wrote has sent no more than before.
bool is_about_recipients_limit(std::string_view reply) {
  static const RE2 words(
      R"((?i)\b(?:recipient|user|mailbox|account|address)\b.{0,60}\b(?:receiving (?:mail|messages|e-?mail|too|limit|rate)|(?:can|may|could|allowed to) receive\b|receives? too|(?:inbound|incoming|receive|receiving) (?:\w+ )?(?:rate|limit|quota))|\brecipient'?s? (?:message |mail )?(?:rate|limit)\b)");
  return RE2::PartialMatch(reply, words);
}

std::string domain_of(std::string_view address) {
  return ascii_lower(split_address(address).domain);
}

bool is_at_or_below(std::string_view domain, std::string_view parent) {
  if (!domain.ends_with(parent)) return false;
  return domain.size() == parent.size() || domain[domain.size() - parent.size() - 1] == '.';
}

// The domain that a server names as failing DMARC, unless it is one with that of the sender: what
// people see as the sender has another domain than the envelope.
std::string foreign_domain(std::string_view reply, std::string_view sender) {
  static const RE2 named(
      R"((?i)(?:unauthenticated e-?mail from|sending domain|from domain|header from) \[?([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}))");
  std::string domain;
  if (!has_words(ascii_lower(reply), "dmarc") || !RE2::PartialMatch(reply, named, &domain))
    return {};
  domain = ascii_lower(domain);
  const auto own = domain_of(sender);
  return own.empty() || is_at_or_below(domain, own) || is_at_or_below(own, domain) ? "" : domain;
}

// Where a server that refuses an address says that its owner has moved to. An address beside other
// words, or of whoever runs that server, is no new one of the recipient's.
std::string new_address(const LegRecipient& recipient) {
  static const RE2 moved(
      R"((?i)\b(?:user|recipient|mailbox|account|address|person|employee|he|she|they|who)\b[^.:;@]{0,30} (?:moved|changed)(?: permanently)?(?: (?:his|her|their) address)?[,;:]? *(?:to|(?:please )?(?:use|try)|new address(?: is)?)[:;]? *<?([^\s<>@"]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+)|user not local;? *(?:please )?try <?([^\s<>@"]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+))");
  static const RE2 role(
      R"((?i)(?:postmaster|abuse|support|help-?desk|admin|security|no-?reply)@.*)");
  std::string one;
  std::string other;
  if (!RE2::PartialMatch(recipient.reply_text, moved, &one, &other)) return {};
  auto& found = one.empty() ? other : one;
  const bool same = equal_ignoring_case(found, recipient.recipient);
  return same || RE2::FullMatch(found, role) ? "" : found;
}

// "temporarily rate limited due to IP reputation", "an unusual rate of unsolicited mail originating
// from your IP address", a limit for our address or for all that is ours: waiting alone does not
// change what is thought of this server, and no one sender of it can.
bool is_about_our_address(std::string_view reply) {
  static const RE2 words(
      R"((?i)\b(?:ip|host|sender|server|domain)(?: address)?(?:'s)? reputation\b|reputation of (?:your|the) (?:ip|host|server|sending)|unsolicited (?:e-?)?mail originating|\buser complaints\b|\b(?:ip|connection) frequency\b|\btenant\b.{0,60}\b(?:exceed|threshold|limit)|too many (?:invalid|unknown|bad|non-?existent) (?:rcpt|recipient|address|user))");
  return RE2::PartialMatch(reply, words);
}

bool is_about_suspension(std::string_view reply) {
  static const RE2 words(R"((?i)(?:outgoing|outbound|sending) (?:e-?)?mail\b.{0,80}\bsuspended)");
  return RE2::PartialMatch(reply, words);
}

bool is_about_failures(std::string_view reply) {
  return has_words(reply, "max defers and failures per hour");
}

// Our own MTA's words: postfix src/smtp/smtp_proto.c, exim src/transports/smtp.c.
bool is_beyond_ascii(std::string_view reply) {
  return reply.starts_with("SMTPUTF8 is required, but was not offered by host ") ||
         ascii_lower(reply).starts_with("utf8 support required but not offered");
}

// The recipient's server asked a server of the sender's domain for the sender with MAIL FROM:<>,
// and was refused that.
bool is_about_refused_callout(std::string_view reply) {
  return has_words(reply, "Refusing MAIL FROM:<>") || has_words(reply, "Callback setup failed");
}

// The whole answer of error(8), retry(8), or of Exim's routers, where no reason is in it: what
// somebody wrote into a table. Exim's own words about retry times and look-ups stand there too.
bool is_from_own_table(const LegRecipient& recipient) {
  const std::string_view reply = recipient.reply_text;
  const bool in_postfix = recipient.agent == "error" || recipient.agent == "retry";
  switch (recipient.reason) {
    case Reason::local_policy:
    case Reason::remote_error:
      return in_postfix || (recipient.agent.empty() && recipient.reason == Reason::remote_error &&
                            !has_words(reply, "etry time") && !has_words(reply, "lookup"));
    case Reason::other:
      return in_postfix || recipient.agent.empty();
    default:
      return false;
  }
}

// postfix src/global/deliver_flock.c, dot_lockfile.c; exim src/transports/appendfile.c.
bool is_mailbox_locked(std::string_view reply) {
  static const RE2 words(
      R"(^cannot update mailbox .*(?:unable to lock for exclusive access|unable to create lock file .*File exists)|^failed to lock mailbox )");
  return RE2::PartialMatch(reply, words);
}

// No name of the public DNS: of one word, or below what RFC 6762 and RFC 8375 or a local network
// keep for themselves.
bool is_local_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return true;
  const auto top = ascii_lower(name.substr(dot + 1));
  return top == "local" || top == "localdomain" || top == "internal" || top == "lan" ||
         top == "intranet" || ascii_lower(name).ends_with(".home.arpa");
}

// The name that DNS does not have need not be the recipient's domain: postfix
// src/smtp/smtp_addr.c, "Host or domain name not found. Name service error for name=dovecot type=A:
// Host not found". Of another name the mail exchangers are asked only when this server is set up to
// hand mail to it.
ReasonCase looked_up_case(const LegRecipient& recipient) {
  if (recipient.reason != Reason::domain_not_found && recipient.reason != Reason::dns_temporary)
    return {};
  static const RE2 words(
      R"(^Host or domain name not found\. Name service error for name=(\S+) type=(\w+))");
  std::string name;
  std::string type;
  if (!RE2::PartialMatch(recipient.reply_text, words, &name, &type)) return {};
  const auto domain = ascii_lower(split_address(recipient.recipient).domain);
  const auto asked = ascii_lower(name);
  if (domain.empty() || asked == domain) return {};
  if (recipient.agent == "lmtp" || type == "MX" || is_local_name(name) || is_sending_service(name))
    return {.texts = "own_host.", .move = WhoseMove::us, .certain = true, .found = name};
  ReasonCase out{.texts = "named_host.", .certain = true, .found = name};
  if (recipient.reason == Reason::domain_not_found)
    out.move = asked.ends_with("." + domain) ? WhoseMove::recipient : WhoseMove::us;
  return out;
}

ReasonCase said_here_case(const LegRecipient& recipient) {
  const std::string_view reply = recipient.reply_text;
  if (reply.starts_with("cancelled by ")) return {.texts = "cancelled.", .move = WhoseMove::us};
  // A mailbox server of ours, behind a socket.
  if (recipient.agent == "lmtp" && is_own_hop(recipient) &&
      recipient.reason == Reason::user_unknown)
    return {.texts = "not_here."};
  if (!is_said_here(recipient)) return {};
  if (is_about_suspension(reply)) return {.texts = "suspended_here.", .move = WhoseMove::us};
  if (is_about_failures(reply)) return {.texts = "many_failures.", .move = WhoseMove::us};
  if (is_mailbox_locked(reply)) {
    return {.texts = "mailbox_locked.",
            .move = recipient.outcome == Outcome::deferred ? WhoseMove::nobody : WhoseMove::us};
  }
  if (reply.starts_with("Command time limit exceeded"))
    return {.texts = "program_late.", .move = WhoseMove::us};
  if (recipient.reason == Reason::too_large) return {.texts = "too_large_here."};
  if (recipient.reason == Reason::user_unknown) return {.texts = "not_here."};
  if (is_from_own_table(recipient))
    return {.texts = "own_table.", .move = WhoseMove::us, .certain = true};
  if (recipient.reason == Reason::local_policy)
    return {.texts = "own_rule.", .move = WhoseMove::us};
  return {};
}

ReasonCase sender_case(const LegRecipient& recipient, const ExplanationRequest& request) {
  const std::string_view reply = recipient.reply_text;
  switch (recipient.reason) {
    case Reason::auth_policy:
      if (auto domain = foreign_domain(reply, request.sender); !domain.empty()) {
        return {.texts = "foreign_domain.", .move = WhoseMove::sender, .found = std::move(domain)};
      }
      break;
    case Reason::domain_not_found:
    case Reason::dns_temporary:
      if (is_said_at_mail_from(reply)) return {.texts = "sender_domain.", .move = WhoseMove::us};
      break;
    case Reason::sender_rejected:
      if (is_about_refused_callout(reply)) return {.texts = "callout.", .move = WhoseMove::us};
      if (is_about_sender_domain(reply)) return {.texts = "sender_domain.", .move = WhoseMove::us};
      break;
    case Reason::user_unknown:
    case Reason::mailbox_disabled:
      if (auto address = new_address(recipient); !address.empty())
        return {.texts = "moved.", .move = WhoseMove::sender, .found = std::move(address)};
      break;
    default:
      break;
  }
  return {};
}

// Somebody who sends with a mail program has to do it again; a server comes back.
ReasonCase refusal_case(const LegRecipient& recipient, const ExplanationRequest& request) {
  if (recipient.reason != Reason::remote_error || !is_check_unfinished(recipient.reply_text))
    return {};
  const bool by_person = request.submission == SubmissionMethod::submission ||
                         request.submission == SubmissionMethod::webmail;
  const bool for_good = recipient.reply_code >= 500;
  return {.texts = "check_unfinished.",
          .move = by_person  ? WhoseMove::sender
                  : for_good ? WhoseMove::us
                             : WhoseMove::nobody};
}

// A server told a mail program to log in: no other server reads that, and it is not the recipient's
// trouble.
ReasonCase told_elsewhere_case(const LegRecipient& recipient) {
  static const RE2 words(
      R"((?i)smtp[ -]auth|(?:without|requires?|enable|turn on|use) (?:smtp |outgoing )?authentication|not (?:logged in|authenticated)|autenticaci[oó]n smtp)");
  const bool asked =
      (recipient.reason == Reason::relay_denied || recipient.reason == Reason::auth_required) &&
      RE2::PartialMatch(recipient.reply_text, words);
  if (!asked) return {};
  return {.texts = "log_in.", .move = WhoseMove::sender};
}

}  // namespace

ReasonCase reason_case(const LegRecipient& recipient, const ExplanationRequest& request,
                       WhoseMove move) {
  if (!request.by_our_log) return told_elsewhere_case(recipient);
  if (recipient.outcome == Outcome::rejected) return refusal_case(recipient, request);
  if (request.ended_by_hand) return {.texts = "cancelled.", .move = WhoseMove::us};
  const std::string_view reply = recipient.reply_text;
  switch (recipient.reason) {
    case Reason::auth_policy:
      if (is_about_server_name(reply)) return {.texts = "server_name."};
      if (request.forwarded) return {.texts = "forwarded.", .move = WhoseMove::us};
      break;
    case Reason::loop:
      if (recipient.reply_code == 0 && has_words(reply, "loops back to myself"))
        return {.texts = "mx_here.", .move = WhoseMove::us};
      break;
    case Reason::remote_error:
      if (recipient.attempts == 0 && has_words(reply, "etry time not"))
        return {.texts = "not_due."};
      break;
    default:
      break;
  }
  if (auto host = looked_up_case(recipient); !host.texts.empty()) return host;
  const bool by_relay = is_at_relay(recipient) && is_about_account(recipient.reason);
  if (by_relay || is_own_machine_closed(recipient) ||
      (may_be_of_account(recipient.reason) && !is_said_here(recipient) &&
       is_about_our_account(reply)))
    return {.base = "relay_account.", .beside = true, .move = WhoseMove::us};
  const bool hurts = recipient.reason == Reason::rate_limited && is_about_our_address(reply);
  if (request.redirected) {
    auto out = forward_case(recipient, hurts ? WhoseMove::us : move);
    if (hurts) out.instead = "throttled.";
    if (hurts) out.move = WhoseMove::us;
    return out;
  }
  if (request.null_sender && recipient.reason == Reason::sender_rejected)
    return {.texts = "null_refused.", .move = WhoseMove::recipient};
  const bool somebody_acts = move == WhoseMove::sender || move == WhoseMove::recipient;
  if (request.null_sender && recipient.outcome != Outcome::deferred && somebody_acts) {
    // A full mailbox stays its owner's to empty.
    auto out = ReasonCase{.texts = "report_lost.", .beside = true};
    if (move == WhoseMove::sender) out.move = WhoseMove::nobody;
    return out;
  }
  if (request.by_own_script) return {.texts = "own_script.", .move = WhoseMove::recipient};
  if (hurts) return {.instead = "throttled.", .move = WhoseMove::us};
  if (recipient.reason == Reason::rate_limited && !is_said_here(recipient) &&
      is_about_recipients_limit(reply))
    return {.texts = "recipient_limit."};
  if (recipient.reason == Reason::syntax && is_beyond_ascii(reply))
    return {.texts = "beyond_ascii.", .move = WhoseMove::sender};
  if (auto here = said_here_case(recipient); !here.texts.empty()) return here;
  return request.from_outside ? ReasonCase() : sender_case(recipient, request);
}

}  // namespace rastro
