#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/journey.h"

namespace rastro {

// Words of our own MTA that mean one of two things: what the rules make of the words alone is
// `reason`, the message decides.

// Exim's "Unrouteable address" is said of a mailbox that a domain of its own does not have and of a
// domain that the DNS does not have. Who comes from outside gets as far with domains of ours only.
Reason reason_of_unrouteable(Reason reason, const LegRecipient& recipient, std::string_view sender,
                             bool from_outside);

// A refusal of our own server's: "452 4.3.1 Insufficient system storage" is this queue's disk,
// "451 4.3.0 ...: Temporary lookup failure" a table of this server (Postfix
// src/smtpd/smtpd_check.c); a check of the sender that did not end says nothing of the sender.
Reason reason_of_own_trouble(Reason reason, const std::optional<EnhancedStatus>& status,
                             std::string_view reply_text);

// What Exim refused because of a check of the sender, with what that check found: "sender verify
// defer for <a>: host lookup did not complete". It says so once of each sender, before the first
// recipient that it refuses (src/smtp_in.c smtp_handle_acl_fail()). `cause`: of the line before.
std::string with_cause(const LegRecord& leg, std::string_view refusal, std::string_view cause);

// "Delivery deferred by system filter", "Error in system filter: ..." (Exim src/deliver.c).
Reason reason_of_putting_off(std::string_view text);

// The cause where a check of the sender did not end and no other server was asked (no "callout"): a
// name server or this server's own set-up. Empty where it is not known.
std::string_view cause_of_unfinished_check(std::string_view text);

// Exim could not have the content looked at (src/acl.c, "malware acl condition: clamd ...: unable
// to connect"), which puts the message off.
bool is_scanner_trouble(std::string_view text);

// error(8) and retry(8) ask nobody: what no other reason fits is the text of a table of this server
// ("error:..." in transport(5)), whatever it sounds like. `agent`: who says it.
Reason reason_of_own_table(Reason reason, std::string_view agent, std::string_view reply_text);

// What another host says of its set-up is its trouble, and none of this server's.
Reason reason_of_their_trouble(Reason reason, std::string_view relay_ip);

// Whether a transport of Exim's, or the command that it calls, answers the sender instead of
// keeping the mail, or notes who it is from (cPanel's BoxTrapper). They are named by who set them
// up: "T=uservacation", "T=virtual_userautoreply", "T=boxtrapper_autowhitelist",
// "|/usr/local/cpanel/bin/autorespond ...".
bool answers_by_itself(std::string_view transport, std::string_view command);

// Postfix's "Access denied" at a service for those who log in (`program`:
// "postfix/submission/smtpd") says to who has not that he has to.
bool asks_for_login(std::string_view program, std::string_view reply_text);

}  // namespace rastro
