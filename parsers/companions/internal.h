#pragma once

#include <span>
#include <string_view>

#include "core/event.h"
#include "parsers/parser.h"

// Shared by the files of this folder only.
namespace rastro::companions {

// One message form (parsers/forms.h) and what its holes are, blank-separated, in order:
// "id" (a queue id), "client" (host[ip]), "host", "ip", "from", "to", "message_id" fill the fact's
// own fields; any other name becomes a named value, and one with '#' in front must be a number.
struct FactForm {
  std::string_view text;
  std::string_view holes;
  std::string_view verdict;  // what the form itself says, as value "verdict"; empty: nothing
};

// The first form that fits, else `unrecognised`.
ParsedLine parse_fact(std::string_view source, LineKind kind, std::span<const FactForm> forms,
                      std::string_view text);

// A line that says nothing about any message; `source` is the program's file that prints it.
struct KnownForm {
  std::string_view text;
  std::string_view source;
};
// known.ignored, else `unrecognised`.
ParsedLine parse_ignored(std::span<const KnownForm> forms, std::string_view text);
// companion.warning: the program's own trouble, about no message.
ParsedLine parse_trouble(std::span<const KnownForm> forms, std::string_view text);

// Adds a value unless it is empty or the fact is full.
void add_value(CompanionFact& fact, std::string_view name, std::string_view value);

// "<a@b>" without its brackets, anything else as it is.
std::string_view unbracketed(std::string_view address);
bool is_ip(std::string_view word);
// "xx.xx.xx.xx", "client-ip": what stands for an address in a line that somebody pasted; or
// nothing.
bool is_hidden_ip(std::string_view word);
// -1.5, 12, 0.0
bool is_number(std::string_view word);
bool is_queue_id(std::string_view word);
// False for what programs print when the message has none.
bool is_message_id(std::string_view word);

// One line each of these programs.
// Behind "Error: " and its like.
ParsedLine parse_dovecot_trouble(std::string_view text);
// Behind "Debug: ".
ParsedLine parse_dovecot_debug(std::string_view text);
ParsedLine parse_dovecot(const LineHeader& header, std::string_view text);
// 1.x logs under its own name and the user's: "deliver(ana@example.org): msgid=<1@x>: saved ...".
ParsedLine parse_deliver(const LineHeader& header, std::string_view text);
ParsedLine parse_saslauthd(const LineHeader& header, std::string_view text);
ParsedLine parse_plesk_saslauthd(const LineHeader& header, std::string_view text);
ParsedLine parse_amavis(const LineHeader& header, std::string_view text);
ParsedLine parse_rspamd(const LineHeader& header, std::string_view text);
ParsedLine parse_spamd(const LineHeader& header, std::string_view text);
ParsedLine parse_tumgreyspf(const LineHeader& header, std::string_view text);
ParsedLine parse_spampd(const LineHeader& header, std::string_view text);
ParsedLine parse_cyrus_login(const LineHeader& header, std::string_view text);
ParsedLine parse_gld(const LineHeader& header, std::string_view text);
ParsedLine parse_cyrus_lmtp(const LineHeader& header, std::string_view text);
ParsedLine parse_mailscanner(const LineHeader& header, std::string_view text);
ParsedLine parse_iredapd(const LineHeader& header, std::string_view text);
ParsedLine parse_mimedefang(const LineHeader& header, std::string_view text);
ParsedLine parse_rmilter(const LineHeader& header, std::string_view text);
ParsedLine parse_dkimpy(const LineHeader& header, std::string_view text);
ParsedLine parse_milter_regex(const LineHeader& header, std::string_view text);
ParsedLine parse_smf_spf(const LineHeader& header, std::string_view text);
ParsedLine parse_dspam(const LineHeader& header, std::string_view text);
ParsedLine parse_greyfix(const LineHeader& header, std::string_view text);
ParsedLine parse_kaspersky(const LineHeader& header, std::string_view text);
ParsedLine parse_opendkim(const LineHeader& header, std::string_view text);
ParsedLine parse_dkimproxy(const LineHeader& header, std::string_view text);
ParsedLine parse_courier(const LineHeader& header, std::string_view text);
ParsedLine parse_plesk(const LineHeader& header, std::string_view text);
ParsedLine parse_openarc(const LineHeader& header, std::string_view text);
ParsedLine parse_opendmarc(const LineHeader& header, std::string_view text);
ParsedLine parse_postgrey(const LineHeader& header, std::string_view text);
ParsedLine parse_sqlgrey(const LineHeader& header, std::string_view text);
ParsedLine parse_milter_greylist(const LineHeader& header, std::string_view text);
ParsedLine parse_policyd_spf(const LineHeader& header, std::string_view text);
ParsedLine parse_clamav(const LineHeader& header, std::string_view text);
ParsedLine parse_clamd(const LineHeader& header, std::string_view text);
ParsedLine parse_clamsmtp(const LineHeader& header, std::string_view text);
ParsedLine parse_postsrsd(const LineHeader& header, std::string_view text);
ParsedLine parse_policyd(const LineHeader& header, std::string_view text);
ParsedLine parse_pmg(const LineHeader& header, std::string_view text);
ParsedLine parse_pmgpolicy(const LineHeader& header, std::string_view text);
ParsedLine parse_policyd_weight(const LineHeader& header, std::string_view text);

// dovecot_login.cc: "imap-login: ..." and "auth: ..." behind the service's name.
ParsedLine parse_dovecot_login(std::string_view service, std::string_view text);
ParsedLine parse_dovecot_auth(std::string_view text);
// 2.4: "auth(ana,192.0.2.1,sasl:plain)<session>: sql: ..."; `identifier` is what the brackets hold.
ParsedLine parse_dovecot_auth_of(std::string_view identifier, std::string_view session,
                                 std::string_view text);
// dovecot_known.cc: what the master process and its helpers say about themselves.
ParsedLine parse_dovecot_known(std::string_view service, std::string_view text);

}  // namespace rastro::companions
