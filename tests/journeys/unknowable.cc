#include "tests/journeys/unknowable.h"

namespace rastro {
namespace {

constexpr std::string_view kNotNamed = "no line names the recipient";
constexpr std::string_view kSeveralHosts =
    "one attempt asked several hosts; the log counts the attempt";
constexpr std::string_view kNotOpened = "the capture did not look into the mailbox and says file";

}  // namespace

const std::vector<Unknowable> kUnknowable = {
    {"exim/acl_controls", "acl_controls-2@client.example.com>: no recipient", kNotNamed},
    {"exim/blackhole", "blackhole-3@client.example.com>: nobody sent it to later@example.org",
     "two dialogues of one client within a second: Exim names no session"},
    {"exim/blackhole", "blackhole-4@client.example.com>: no journey", "told with the one before"},
    {"exim/client_lost_after_data", "client_lost_after_data-1@client.example.com>: no journey",
     "the log names the client only: an encounter"},
    {"exim/edited_by_admin", "rosa@moody.example.net attempts: want 1 got 2",
     "the capture counts the attempts of the first sender address only"},
    {"exim/edited_by_admin", "nobody sent it to bob@example.com", "an administrator added it"},
    {"exim/fake_reject", "fake_reject-1@client.example.com>: no journey",
     "taken, though the client was told 550: the truth is the client's"},
    {"exim/fake_reject", "fake_reject-2@client.example.com>: no journey", "the same with 450"},
    {"exim/fake_reject", "unexplained journey from \"eva@example.com\"", "the two that were taken"},
    {"exim/greylisted_then_delivered", "luis@example.net attempts: want 3 got 2", kSeveralHosts},
    {"exim/log_selector_all", "log_selector_all-4@client.example.com>: submission method",
     "the log tells the script's directory: the method is script"},
    {"exim/log_selector_cpanel", "log_selector_cpanel-1@client.example.com>: submission method",
     "the log tells the script's directory: the method is script"},
    {"exim/multi_recipient_mixed", "full@moody.example.net attempts: want 5 got 3",
     "asked again in the same connection, without a line of its own"},
    {"exim/odd_message_ids", "delivered_to: want \"file\" got \"mailbox\"", kNotOpened},
    {"exim/odd_message_ids", ": message_id: want \"\" got null",
     "an empty Message-ID is not logged"},
    {"exim/program_and_file", "attempts: want 1 got 2", "the program failed once before"},
    {"exim/rcpt_reject_relay", "rcpt_reject_relay-1@client.example.com>: no journey",
     "two dialogues of one client within a second: Exim names no session"},
    {"exim/rcpt_reject_relay", "nobody sent it to luis@example.net", "told with the one after"},
    {"exim/rcpt_reject_unknown_user", "rcpt_reject_unknown_user-1@client.example.com>: no journey",
     "two dialogues of one client within a second: Exim names no session"},
    {"exim/rcpt_reject_unknown_user", "nobody sent it to nobody-here@example.org",
     "told with the one after"},
    {"exim/rejected_after_data", ": no recipient", "the main log names the recipients nowhere"},
    {"exim/second_mx_takes_it", "luis@example.net attempts: want 2 got 1", kSeveralHosts},
    {"exim/sender_reject", ": no recipient juan@example.org rejected", kNotNamed},
    {"exim/size_limit", ": no recipient juan@example.org rejected", kNotNamed},
    {"postfix/access_actions", "nobody sent it to bob@example.com", "the rule's blind copy"},
    {"postfix/address_verification", "unexplained journey from \"\" to ana@example.org",
     "the report that sendmail -bv was asked for; the probes themselves are no mail"},
    {"postfix/bounce_failed", "bounce_failed-2@client.example.com>: bounced: want true got false",
     "the truth says of the bounce that it could not be made"},
    {"postfix/client_lost_after_data",
     "client_lost_after_data-1@client.example.com>: envelope_sender",
     "smtpd names the client only; the queue manager never saw it"},
    {"postfix/client_lost_after_data", "no recipient juan@example.org unknown", kNotNamed},
    {"postfix/greylisted_then_delivered", "luis@example.net attempts: want 3 got 2", kSeveralHosts},
    {"postfix/header_checks", "nobody sent it to bob@example.com", "the check's blind copy"},
    {"postfix/header_checks", "header_checks-10@client.example.com>: no recipient",
     "cleanup names one of several recipients that it refuses"},
    {"postfix/lmtp_scripted", "delivered_to: want \"remote\" got \"mailbox\"",
     "an LMTP server on this host: the site's own mailboxes"},
    {"postfix/loop", "loop-1@client.example.com>: envelope_sender",
     "refused by the hop count: no line has the envelope"},
    {"postfix/loop", "loop-1@client.example.com>: no recipient", kNotNamed},
    {"postfix/loop", "round@example.org bounced",
     "bounced as trip@example.org, an alias of it in a loop: one entry in the log, one here"},
    {"postfix/milter", ": no recipient juan@example.org", kNotNamed},
    {"postfix/multi_recipient_mixed", "full@moody.example.net attempts: want 3 got 4",
     "tried once more after the truth was taken"},
    {"postfix/odd_message_ids", "delivered_to: want \"file\" got \"mailbox\"", kNotOpened},
    {"postfix/postscreen", "unexplained journey from \"eva@example.com\" to juan@example.org",
     "two clients that postscreen refused after RCPT: encounters in the truth"},
    {"postfix/program_and_file", "busy@example.org attempts: want 1 got 2",
     "the program failed once before"},
    {"postfix/remote_greeting_554", "rosa@moody.example.net attempts: want 1 got 3",
     "turned away at the greeting: the capture counts who was asked for a recipient"},
    {"postfix/second_mx_takes_it", "luis@example.net attempts: want 2 got 1", kSeveralHosts},
    {"postfix/size_limit", "size_limit-1@client.example.com>: envelope_sender",
     "over the limit before the queue manager saw it: no line has the envelope"},
    {"postfix/size_limit", ": no recipient juan@example.org rejected", kNotNamed},
    {"postfix/syntax_and_limits", "syntax_and_limits-1@client.example.com>: no recipient",
     "too many recipients: smtpd logs no line for those beyond"},
    {"postfix/syntax_and_limits", "syntax_and_limits-3@client.example.com>: no journey",
     "the rate limit's warning names the client only"},
    {"postfix/virtual_mailboxes", "delivered_to: want \"file\" got \"mailbox\"", kNotOpened},
    {"sample/exim", "pablo@moody.example.net attempts: want 5 got 4",
     "asked again in the same connection, without a line of its own"},
};

std::vector<Unknowable> unknowable_in(std::string_view scenario) {
  std::vector<Unknowable> out;
  for (const auto& entry : kUnknowable) {
    if (entry.scenario == scenario) out.push_back(entry);
  }
  return out;
}

}  // namespace rastro
