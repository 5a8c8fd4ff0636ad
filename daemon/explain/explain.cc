#include "daemon/explain/explain.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "core/address.h"
#include "core/ip_networks.h"
#include "daemon/explain/explain_text.h"
#include "daemon/explain/reason_case.h"

namespace rastro {
namespace {

void append_sentence(std::string& text, const std::string& sentence) {
  if (sentence.empty()) return;
  if (!text.empty()) text.push_back(' ');
  text.append(sentence);
}

bool has_one_of(std::string_view folder, std::initializer_list<std::string_view> names) {
  const auto lower = ascii_lower(folder);
  return std::ranges::any_of(
      names, [&](std::string_view name) { return lower.find(name) != std::string::npos; });
}

bool is_junk(std::string_view folder) {
  if (has_one_of(folder, {"nospam", "no-spam", "no_spam", "notspam", "not-spam", "not_spam"}))
    return false;
  return has_one_of(folder, {"junk", "spam", "bulk", "deseado", "indesejad"});
}
bool is_trash(std::string_view folder) {
  return has_one_of(folder, {"trash", "papelera", "deleted", "eliminados", "lixeira"});
}

bool is_refused_for_now(const LegRecipient& recipient) {
  if (recipient.outcome != Outcome::rejected) return false;
  if (recipient.reply_code != 0) return recipient.reply_code < 500;
  if (recipient.enhanced_status) return recipient.enhanced_status->klass == 4;
  return recipient.reason == Reason::greylisted;
}

// What goes away by itself or by somebody's work here; all else stays as it is, however often it is
// tried.
bool may_pass(Reason reason) {
  switch (reason) {
    case Reason::user_unknown:
    case Reason::mailbox_disabled:
    case Reason::domain_not_found:
    case Reason::spam_content:
    case Reason::virus_or_attachment:
    case Reason::sender_rejected:
    case Reason::relay_denied:
    case Reason::too_large:
    case Reason::too_many_recipients:
    case Reason::loop:
    case Reason::syntax:
    case Reason::local_policy:
      return false;
    default:
      return true;
  }
}

// A mail program shows the refusal to its user, where a server comes back.
bool by_program(const ExplanationRequest& request) {
  return request.submission == SubmissionMethod::submission ||
         request.submission == SubmissionMethod::webmail;
}

bool is_own_place(std::string_view place) {
  return is_loopback(place) || place.starts_with('/') || place.starts_with("private/") ||
         place.starts_with("public/");
}

bool is_failure(Outcome outcome) {
  return outcome == Outcome::deferred || outcome == Outcome::bounced ||
         outcome == Outcome::expired || outcome == Outcome::rejected;
}

}  // namespace

std::string_view whose_move_name(WhoseMove move) {
  switch (move) {
    case WhoseMove::nobody:
      return "nobody";
    case WhoseMove::sender:
      return "sender";
    case WhoseMove::us:
      return "us";
    case WhoseMove::recipient:
      return "recipient";
  }
  return "";
}

namespace {

struct UnreachedHost {
  std::string_view place;  // an address, or a socket
  unsigned port = 0;
};

constexpr std::string_view kSuspended = "delivery temporarily suspended: ";

bool is_suspended(std::string_view reply) { return reply.starts_with(kSuspended); }

// No relay stands in the log when nothing answered: "connect to mail.example[private/lmtp]: ...",
// "connect to mx.example.net[192.0.2.7]:25: ...".
UnreachedHost unreached_host(const LegRecipient& recipient) {
  std::string_view text = recipient.reply_text;
  if (is_suspended(text)) text.remove_prefix(kSuspended.size());
  const bool names_it = std::ranges::any_of(
      std::array<std::string_view, 3>{"connect to ", "lost connection with ", "conversation with "},
      [text](std::string_view words) { return text.starts_with(words); });
  if (!names_it) return {};
  const auto open = text.find('[');
  const auto close = open == std::string_view::npos ? open : text.find(']', open);
  if (close == std::string_view::npos) return {};
  UnreachedHost out{text.substr(open + 1, close - open - 1)};
  text.remove_prefix(close + 1);
  if (text.starts_with(':')) std::from_chars(text.data() + 1, text.data() + text.size(), out.port);
  return out;
}

}  // namespace

// Exim's lmtp transport names no relay: it speaks to a socket of this machine.
bool is_about_lmtp_socket(std::string_view text) {
  return text.starts_with("Failed to connect to socket /") ||
         text.starts_with("LMTP error after ") || text.starts_with("LMTP connection closed ") ||
         text.starts_with("LMTP timeout ");
}

bool is_own_hop(const LegRecipient& recipient) {
  // pipe(8)'s `relay` is the name of its service. lmtp(8) hands mail to the mailbox server of its
  // own mail system, at a socket ("relay=mail.example[private/dovecot-lmtp]") or at a host.
  if (recipient.agent == "pipe" || recipient.agent == "lmtp") return true;
  if (!recipient.relay.empty())
    return is_own_place(recipient.relay.ip) || is_own_place(recipient.relay.host);
  if (is_about_lmtp_socket(recipient.reply_text)) return true;
  return is_own_place(unreached_host(recipient).place);
}

// Whatever the port.
bool is_sending_service(std::string_view host) {
  const auto name = ascii_lower(host);
  const auto is_at = [&](std::string_view first, std::string_view domain) {
    return name.starts_with(first) && name.ends_with(domain);
  };
  static constexpr std::pair<std::string_view, std::string_view> kServices[] = {
      {"email-smtp.", ".amazonaws.com"},
      {"smtp.", ".sendgrid.net"},
      {"smtp.", ".mailgun.org"},
      {"smtp-relay.", ".brevo.com"},
      {"smtp-relay.", ".sendinblue.com"},
      {"in", ".mailjet.com"},
      {"smtp", ".postmarkapp.com"},
      {"smtp.", ".sparkpostmail.com"},
      {"smtp.", ".mandrillapp.com"},
      {"smtp-relay.gmail.com", ""},
      {"smtp.gmail.com", ""},
      {"smtp.office365.com", ""},
      {"mail.smtp2go.com", ""},
      {"relay.mailchannels.net", ""},
      {"smtp.mailchannels.net", ""}};
  return std::ranges::any_of(kServices, [&](const auto& service) {
    return service.second.empty() ? name == service.first : is_at(service.first, service.second);
  });
}

namespace {

// Exim's transports as Debian and Hestia call them: "T=remote_smtp_smarthost",
// "T=smtp_relay_smtp". Postfix' "relay" is for domains that it passes on inwards.
bool is_named_relay(std::string_view agent) {
  constexpr std::string_view kWords[] = {"smarthost", "smart_host", "smtp_relay", "relay_smtp"};
  return std::ranges::any_of(
      kWords, [&](std::string_view word) { return agent.find(word) != std::string_view::npos; });
}

}  // namespace

bool is_at_relay(const LegRecipient& recipient) {
  const auto agent = ascii_lower(recipient.agent);
  if (is_own_hop(recipient) || agent.find("lmtp") != std::string::npos) return false;
  if (is_named_relay(agent) || is_sending_service(recipient.relay.host)) return true;
  // smtp(8) logs in only where it is told to.
  if (recipient.reply_text.starts_with("SASL authentication failed")) return true;
  const unsigned port =
      recipient.relay.empty() ? unreached_host(recipient).port : recipient.relay.port;
  return port != 0 && port != 25 && port != 24;  // 24 is LMTP's
}

std::string outcome_key(const LegRecipient& recipient) {
  switch (recipient.outcome) {
    case Outcome::delivered:
    case Outcome::passed:
      switch (recipient.delivered_to) {
        case DeliveredTo::mailbox:
          if (is_junk(recipient.folder)) return "delivered_junk";
          if (is_trash(recipient.folder)) return "delivered_trash";
          return recipient.folder.empty() || recipient.folder == "INBOX" ? "delivered_mailbox"
                                                                         : "delivered_folder";
        case DeliveredTo::remote:
          if (is_loopback(recipient.relay.ip) &&
              ascii_lower(recipient.agent).find("lmtp") == std::string::npos)
            return "delivered_hop";
          return is_at_relay(recipient) ? "delivered_relay" : "delivered_remote";
        case DeliveredTo::program:
          return "delivered_program";
        case DeliveredTo::file:
          return "delivered_file";
        case DeliveredTo::nowhere:
          return "delivered_elsewhere";
      }
      return "delivered_elsewhere";
    case Outcome::unknown:
      return recipient.unknown_because == UnknownBecause::none
                 ? "unknown"
                 : "unknown_" + std::string(unknown_because_name(recipient.unknown_because));
    default:
      return std::string(outcome_name(recipient.outcome));
  }
}

namespace {

// The program as the log names it: pipe's transport, or the command's first word, of Postfix
// ("delivered to command: /usr/bin/x a b") and Exim ("|/usr/bin/x a b").
std::string program_of(const LegRecipient& recipient) {
  constexpr std::string_view kCommand = "delivered to command: ";
  if (recipient.agent == "pipe" && !recipient.relay.host.empty()) return recipient.relay.host;
  std::string_view words = recipient.reply_text;
  if (words.starts_with(kCommand)) {
    words.remove_prefix(kCommand.size());
  } else if (!words.starts_with('|') && !words.starts_with("\"|")) {
    return {};
  }
  words.remove_prefix(std::min(words.find_first_not_of("\"| "), words.size()));
  return std::string(words.substr(0, words.find_first_of("\" \t")));
}

WhoseMove move_of_reason(Reason reason, bool final) {
  switch (reason) {
    case Reason::reputation:
    case Reason::auth_policy:
    case Reason::tls:
    case Reason::auth_required:
    case Reason::network_unreachable:
    case Reason::local_disk_full:
    case Reason::local_config:
    case Reason::other:
    case Reason::unknown:
      return WhoseMove::us;
    case Reason::mailbox_full:
    case Reason::mailbox_disabled:
    case Reason::loop:
    case Reason::relay_denied:
    case Reason::local_policy:
      return WhoseMove::recipient;
    case Reason::greylisted:
    case Reason::rate_limited:
    case Reason::too_many_connections:
    case Reason::dns_temporary:
    case Reason::connection_timeout:
    case Reason::connection_refused:
    case Reason::connection_lost:
    case Reason::remote_error:
    case Reason::expired:
    case Reason::none:
      return final ? WhoseMove::sender : WhoseMove::nobody;
    default:
      return WhoseMove::sender;
  }
}

}  // namespace

// Of what our own server refused before it took the message.
WhoseMove move_of_refusal(Reason reason, bool final) {
  switch (reason) {
    case Reason::reputation:
    case Reason::auth_policy:
    case Reason::tls:
    case Reason::auth_required:
    case Reason::relay_denied:
      return WhoseMove::sender;
    case Reason::remote_error:
    case Reason::local_policy:
      return WhoseMove::us;
    default:
      return move_of_reason(reason, final);
  }
}

WhoseMove whose_move(Outcome outcome, Reason reason, bool final) {
  switch (outcome) {
    case Outcome::deferred:
    case Outcome::bounced:
    case Outcome::expired:
      return move_of_reason(reason, final);
    case Outcome::rejected:
      return move_of_refusal(reason, final);
    case Outcome::held:
    case Outcome::discarded:
    case Outcome::deleted:
    case Outcome::quarantined:
    case Outcome::unknown:
      return WhoseMove::us;
    case Outcome::delivered:
    case Outcome::passed:
      return WhoseMove::recipient;
    case Outcome::queued:
      break;
  }
  return WhoseMove::nobody;
}

Result<Explainer> Explainer::create(std::shared_ptr<const ReasonRules> rules) {
  // One answer tells of a few hundred replies, the next of the same ones: 64 KB.
  constexpr std::size_t kSets = 1024;
  Explainer out;
  if (rules)
    out.replies_ =
        std::make_unique<ReasonClassifier>(std::move(rules), std::random_device()(), kSets);
  for (const auto language : {Language::en, Language::es}) {
    auto texts = ExplanationTexts::parse(shipped_explanations(language),
                                         language == Language::es ? "es.yaml" : "en.yaml");
    if (!texts) return texts.error();
    out.texts_[static_cast<std::size_t>(language)] = std::move(*texts);
  }
  return out;
}

namespace {

// The trouble of a program of ours, not what it said about the mail.
bool is_trouble_of_hop(Reason reason) {
  switch (reason) {
    case Reason::connection_refused:
    case Reason::connection_timeout:
    case Reason::connection_lost:
    case Reason::network_unreachable:
    case Reason::remote_error:
    case Reason::too_many_connections:
    case Reason::tls:
      return true;
    default:
      return false;
  }
}

// Looks for the text that fits best: of `part`, what fits such a refusal or end before the plain
// one.
class PartFinder {
 public:
  PartFinder(const ExplanationTexts& texts, const LegRecipient& recipient, bool for_now, bool final,
             bool untold)
      : texts_(texts) {
    if (recipient.outcome == Outcome::rejected) {
      if (for_now) endings_.emplace_back("_refused_for_now");
      endings_.emplace_back("_refused");
      if (for_now) endings_.emplace_back("");
    }
    if (untold) endings_.emplace_back("_untold");
    if (final) endings_.emplace_back("_final");
    endings_.emplace_back("");
    // What our own server said is said so, whether or not somebody comes back.
    for_what_ = recipient.outcome == Outcome::rejected;
  }

  std::string_view find(const std::string& key) const {
    for (const auto ending : endings_) {
      const auto text = texts_.find(key + std::string(ending));
      if (!text.empty()) return text;
    }
    return {};
  }
  // Of the first of these groups that has such a part.
  std::string_view first(const std::vector<std::string>& groups, std::string_view part) const {
    for (const auto& group : groups) {
      const auto text = find(group + std::string(part));
      if (!text.empty()) return text;
    }
    return {};
  }
  std::string_view what(const std::string& key) const {
    const auto refused = for_what_ ? texts_.find(key + "_refused") : std::string_view();
    return refused.empty() ? texts_.find(key) : refused;
  }

 private:
  const ExplanationTexts& texts_;
  std::vector<std::string_view> endings_;
  bool for_what_ = false;
};

ToldValues values_of(const LegRecipient& recipient, const ExplanationRequest& request,
                     const ExplanationTexts& texts) {
  const ToldClock clock(request.language, request.timezone, request.now);
  const bool sent_by_customer = !request.from_outside && !request.null_sender;
  std::string name = recipient.original_recipient.value_or(recipient.recipient);
  if (name.empty())
    name = texts.find(request.by_our_log ? "recipients.unnamed" : "recipients.untold");
  const bool in_mailbox =
      recipient.outcome == Outcome::delivered && recipient.delivered_to == DeliveredTo::mailbox;
  const std::string original = name;
  const bool another = name != recipient.recipient;
  const std::string_view naming = another && request.redirected ? "forward.name"
                                  : another && (request.one_of_several || in_mailbox)
                                      ? "one_of_several"
                                  : request.beside_forward ? "forward.own_copy"
                                                           : "";
  if (!naming.empty()) {
    name = fill(texts.find(naming), {{"recipient", recipient.recipient}, {"original", original}});
  }
  return {{"recipient", name},
          {"original", original},
          {"target", recipient.recipient},
          {"your_message", std::string(texts.find(sent_by_customer ? "your_message.sent"
                                                                   : "your_message.received"))},
          {"relay", recipient.relay.host.empty() ? recipient.relay.ip : recipient.relay.host},
          {"port", recipient.relay.port == 0 || recipient.relay.port == 25
                       ? ""
                       : std::to_string(recipient.relay.port)},
          {"program", program_of(recipient)},
          {"forwarded_to", request.forwarded_to},
          {"folder", recipient.folder},
          {"attempts", std::to_string(recipient.attempts)},
          {"reply_text", recipient.reply_text},
          {"rule", request.rule},
          {"others", std::to_string(request.refused_beside)},
          {"finding", request.finding},
          {"score", request.score},
          {"first", clock.tell(recipient.first_attempt_at, false)},
          {"last", clock.tell(recipient.last_attempt_at, true)},
          {"next", clock.tell(request.next_attempt_at, false)},
          {"gives_up", clock.tell(request.gives_up_at, false)}};
}

// "32505856" as "31", "5452595" as "5.2".
std::string in_megabytes(const std::string& bytes) {
  constexpr double kMegabyte = 1024.0 * 1024;
  double number = 0;
  std::from_chars(bytes.data(), bytes.data() + bytes.size(), number);
  std::array<char, 32> out{};
  const auto megabytes = number / kMegabyte;
  std::snprintf(out.data(), out.size(), megabytes < 10 ? "%.1f" : "%.0f", megabytes);
  return out.data();
}

class Teller {
 public:
  Teller(const ExplanationTexts& texts, const LegRecipient& recipient,
         const ExplanationRequest& request, ReasonClassifier* replies)
      : texts_(texts),
        replies_(replies),
        recipient_(recipient),
        request_(request),
        values_(values_of(recipient, request, texts)),
        key_(outcome_key(recipient) == "delivered_program" && !request.forwarded_to.empty()
                 ? "delivered_sent_on"
                 : outcome_key(recipient)),
        for_now_(is_refused_for_now(recipient)),
        came_back_(for_now_ && request.came_back),
        to_program_(for_now_ && !came_back_ && by_program(request)) {}

  Explanation tell() {
    out_.final = is_final(recipient_.outcome) && (!for_now_ || to_program_ || came_back_);
    out_.whose_move = whose_move(recipient_.outcome, recipient_.reason, out_.final);
    if (came_back_) out_.whose_move = WhoseMove::nobody;
    if (key_ == "delivered_program" || key_ == "delivered_file" || key_ == "delivered_relay" ||
        key_ == "delivered_hop")
      out_.whose_move = WhoseMove::us;
    if (key_ == "delivered_elsewhere") out_.whose_move = WhoseMove::nobody;
    if (key_ == "discarded" && request_.by_own_script) out_.whose_move = WhoseMove::recipient;
    // Another site's notice of a delay, without its reason: that server goes on trying.
    if (waits_elsewhere()) out_.whose_move = WhoseMove::nobody;
    tell_outcome();
    if (came_back_) {
      out_.what_to_do = fill(outcome("do_came_back"), values_);
    } else if (is_failure(recipient_.outcome) && recipient_.reason != Reason::none) {
      tell_reason();
    } else {
      out_.what_to_do =
          first_of({dangerous("do_"), request_.by_own_script ? "do_script" : "", "do"});
    }
    tell_what_comes();
    return std::move(out_);
  }

 private:
  std::string_view outcome(std::string_view part) const {
    return texts_.find("outcomes." + key_ + "." + std::string(part));
  }
  std::string first_of(const std::vector<std::string>& parts) const {
    for (const auto& part : parts) {
      const auto text = part.empty() ? std::string_view() : outcome(part);
      if (!text.empty()) return fill(text, values_);
    }
    return {};
  }

  // A filter of ours found something that nobody should get, or not in that way; or spam.
  std::string dangerous(const std::string& part) const {
    if (request_.finding.empty())
      return recipient_.reason == Reason::spam_content ? part + "spam" : "";
    return part + (request_.only_forbidden ? "forbidden" : "dangerous");
  }

  bool waits_elsewhere() const {
    return !request_.by_our_log && recipient_.outcome == Outcome::deferred &&
           recipient_.reason == Reason::unknown;
  }

  // By a queue manager, an Exim queue run: bookkeeping counts no attempt.
  bool is_put_off() const {
    return request_.by_our_log && recipient_.outcome == Outcome::deferred &&
           recipient_.attempts == 0;
  }

  bool waits_for_another_host() const {
    return request_.host_failed && recipient_.outcome == Outcome::queued &&
           recipient_.attempts == 0;
  }

  // What became of the report to the sender, where it is not there.
  std::string report_part() const {
    if (!request_.report) return "";
    switch (*request_.report) {
      case Outcome::queued:
      case Outcome::deferred:
      case Outcome::held:
        return "_waits";
      case Outcome::bounced:
      case Outcome::expired:
      case Outcome::rejected:
      case Outcome::discarded:
      case Outcome::deleted:
        return "_failed";
      default:
        return "";
    }
  }

  // Postfix' "message size 32505856 exceeds size limit 26214400 of server ..."
  // (src/smtp/smtp_proto.c), Exim's "message too big: read=... max=..." (src/receive.c).
  bool take_sizes() {
    static const RE2 sizes(
        R"(message size (\d{1,15}) exceeds size limit (\d{1,15})|message too big: read=(\d{1,15}) max=(\d{1,15}))");
    std::array<std::string, 4> found;
    if (!RE2::PartialMatch(recipient_.reply_text, sizes, found.data(), &found[1], &found[2],
                           &found[3]))
      return false;
    const std::size_t first = found[0].empty() ? 2 : 0;
    values_["size"] = in_megabytes(found.at(first));
    values_["limit"] = in_megabytes(found.at(first + 1));
    return true;
  }

  bool is_guess() const {
    if (replies_ == nullptr || recipient_.reason == Reason::none || recipient_.reply_text.empty())
      return false;
    const auto judged =
        replies_->judge(recipient_.enhanced_status, recipient_.reply_code, recipient_.reply_text);
    return judged.reason == recipient_.reason && judged.guess;
  }

  void tell_outcome() {
    out_.text = first_of({dangerous(""), request_.by_own_script ? "script" : "",
                          request_.null_sender ? "no_sender" : "",
                          came_back_    ? "came_back"
                          : to_program_ ? "temporary_program"
                          : for_now_    ? "temporary"
                          : request_.earlier_attempts && recipient_.attempts > 0 ? "more"
                          : recipient_.attempts > 1                              ? "many"
                          : is_put_off()                                         ? "untried"
                          : waits_for_another_host()                             ? "host_failed"
                                                                                 : "once",
                          "text"});
    const auto report = report_part();
    if (!request_.null_sender && request_.report_known)
      append_sentence(out_.text, first_of({"report" + report, "report"}));
    const bool hopeless = recipient_.outcome == Outcome::deferred && !request_.null_sender &&
                          !may_pass(recipient_.reason);
    // The customer knows to whom it was.
    const bool unnamed =
        recipient_.recipient.empty() && !recipient_.original_recipient && request_.by_our_log;
    if (unnamed) values_["recipient"] = std::string(texts_.find("recipients.unnamed_reply"));
    out_.reply = first_of({dangerous("reply_"), request_.by_own_script ? "reply_script" : "",
                           request_.null_sender ? "reply_no_sender" : "",
                           !report.empty() ? "reply_report" + report : "",
                           request_.report_known ? "" : "reply_unreported",
                           hopeless               ? "reply_cause"
                           : came_back_           ? "reply_came_back"
                           : by_program(request_) ? "reply_program"
                           : for_now_             ? "reply_temporary"
                                                  : "",
                           "reply"});
    if (unnamed) leave_out(out_.reply, texts_.find("recipients.unnamed_phrase"));
  }

  static void leave_out(std::string& text, std::string_view words) {
    const auto at = words.empty() ? std::string::npos : text.find(words);
    if (at != std::string::npos) text.erase(at, words.size());
  }

  void tell_reason() {
    // A reply read out on the phone, of whichever server to whomever.
    const bool untold = !request_.by_our_log && recipient_.recipient.empty();
    const PartFinder parts(texts_, recipient_, for_now_ && !to_program_, out_.final, untold);
    const bool trouble_of_hop = request_.by_our_log && recipient_.outcome != Outcome::rejected &&
                                is_trouble_of_hop(recipient_.reason);
    const std::string hop = !trouble_of_hop           ? ""
                            : is_own_hop(recipient_)  ? "own_hop."
                            : is_at_relay(recipient_) ? "relay_hop."
                                                      : "";
    auto apart = reason_case(recipient_, request_, out_.whose_move);
    if (!hop.empty() && apart.beside) apart = {};
    const std::string reason = apart.instead.empty()
                                   ? "reasons." + std::string(reason_name(recipient_.reason)) + "."
                                   : std::string(apart.instead);
    values_["found"] = apart.found;
    const bool instead = !apart.texts.empty() && !apart.beside;
    values_["cause"] =
        fill(parts.what((instead ? std::string(apart.texts) : reason) + "what"), values_);
    append_sentence(out_.text, values_["cause"]);
    if (apart.move) out_.whose_move = *apart.move;
    if (untold && recipient_.reason == Reason::relay_denied) out_.whose_move = WhoseMove::sender;
    std::vector<std::string> told;
    if (!hop.empty()) {
      append_sentence(out_.text, fill(texts_.find(hop + "what"), values_));
      out_.whose_move = WhoseMove::us;
      told.push_back(hop);
    } else {
      for (const auto group : {apart.texts, apart.base}) {
        if (!group.empty()) told.emplace_back(group);
      }
      if (apart.beside) append_sentence(out_.text, fill(parts.first(told, "what"), values_));
      told.push_back(reason);
    }
    if (recipient_.reason == Reason::too_large && take_sizes())
      append_sentence(out_.text, fill(texts_.find("sizes.what"), values_));
    // error(8) repeats what happened to another message.
    if (recipient_.reply_text.find("message may be sent more than once") != std::string::npos &&
        !is_suspended(recipient_.reply_text))
      append_sentence(out_.text, fill(texts_.find("perhaps_twice.what"), values_));
    const std::string_view does = waits_elsewhere() ? "do_elsewhere" : "do";
    out_.what_to_do = fill(parts.first(told, does), values_);
    // What the words name is no guess.
    out_.guess = apart.found.empty() && !apart.certain && is_guess();
    if (out_.guess) {
      append_sentence(out_.text, fill(texts_.find("guess.what"), values_));
      append_sentence(out_.reply, fill(texts_.find("guess.reply"), values_));
    }
    append_sentence(out_.reply, fill(parts.first(told, "reply"), values_));
  }

  void tell_what_comes() {
    if (request_.refused_beside > 0) {
      const std::string_view form =
          request_.refused_beside == 1 ? "refused_beside.one" : "refused_beside.many";
      append_sentence(out_.text, fill(texts_.find(form), values_));
    }
    const std::string_view end = request_.null_sender ? "gives_up_no_sender" : "gives_up";
    // An estimate: an MTA looks at its queue every few minutes only.
    constexpr Duration kLate = std::chrono::minutes(10);
    const bool missed =
        request_.next_attempt_at && request_.now > *request_.next_attempt_at + kLate;
    const std::string_view next = missed ? "next_missed" : "next";
    for (const auto part : {next, end}) {
      const auto form = outcome(part);
      if (!form.empty() && has_all(form, values_)) append_sentence(out_.text, fill(form, values_));
    }
  }

  const ExplanationTexts& texts_;
  ReasonClassifier* replies_;
  const LegRecipient& recipient_;
  const ExplanationRequest& request_;
  ToldValues values_;
  std::string key_;
  bool for_now_;
  bool came_back_;   // and was accepted
  bool to_program_;  // a mail program was refused for now
  Explanation out_;
};

}  // namespace

Explanation Explainer::explain(const LegRecipient& recipient,
                               const ExplanationRequest& request) const {
  return Teller(texts_[static_cast<std::size_t>(request.language)], recipient, request,
                replies_.get())
      .tell();
}

}  // namespace rastro
