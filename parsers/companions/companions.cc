#include "parsers/companions/companions.h"

#include "parsers/companions/internal.h"

namespace rastro {
namespace {

struct Row {
  std::string_view program;
  Companion companion;
};
constexpr Row kRows[] = {
    {"dovecot", {companions::parse_dovecot, "dovecot"}},
    {"saslauthd", {companions::parse_saslauthd, "saslauthd"}},
    {"plesk_saslauthd", {companions::parse_plesk_saslauthd, "saslauthd"}},
    {"amavis", {companions::parse_amavis, "amavis"}},
    {"amavisd", {companions::parse_amavis, "amavis"}},
    {"amavisd-new", {companions::parse_amavis, "amavis"}},
    {"rspamd", {companions::parse_rspamd, "rspamd"}},
    {"spamd", {companions::parse_spamd, "spamd"}},
    {"spamd-child", {companions::parse_spamd, "spamd"}},
    {"spamc", {companions::parse_spamd, "spamd"}},
    {"spamass-milter", {companions::parse_spamd, "spamd"}},
    {"opendkim", {companions::parse_opendkim, "opendkim"}},
    {"dkim-filter", {companions::parse_opendkim, "opendkim"}},
    {"dkimproxy.in", {companions::parse_dkimproxy, "dkimproxy"}},
    {"dkimproxy.out", {companions::parse_dkimproxy, "dkimproxy"}},
    {"openarc", {companions::parse_openarc, "openarc"}},
    {"opendmarc", {companions::parse_opendmarc, "opendmarc"}},
    {"postgrey", {companions::parse_postgrey, "postgrey"}},
    {"sqlgrey", {companions::parse_sqlgrey, "sqlgrey"}},
    {"milter-greylist", {companions::parse_milter_greylist, "milter-greylist"}},
    {"gld", {companions::parse_gld, "gld"}},
    {"tumgreyspf", {companions::parse_tumgreyspf, "tumgreyspf"}},
    {"policyd-spf", {companions::parse_policyd_spf, "policyd-spf"}},
    {"policy-spf", {companions::parse_policyd_spf, "policyd-spf"}},
    {"postfix-policyd-spf-perl", {companions::parse_policyd_spf, "policyd-spf"}},
    {"pyspf-milter", {companions::parse_policyd_spf, "policyd-spf"}},
    {"clamav-milter", {companions::parse_clamav, "clamav-milter"}},
    {"clamd", {companions::parse_clamd, "clamd"}},
    {"clamsmtpd", {companions::parse_clamsmtp, "clamsmtp"}},
    {"clamsmtp", {companions::parse_clamsmtp, "clamsmtp"}},
    {"postsrsd", {companions::parse_postsrsd, "postsrsd"}},
    {"postfwd", {companions::parse_policyd, "policyd"}},
    {"postfwd2", {companions::parse_policyd, "policyd"}},
    {"postfwd3", {companions::parse_policyd, "policyd"}},
    {"cbpolicyd", {companions::parse_policyd, "policyd"}},
    {"policyd-weight", {companions::parse_policyd_weight, "policyd-weight"}},
    {"policyd", {companions::parse_policyd, "policyd"}},
    {"spampd", {companions::parse_spampd, "spampd"}},
    {"cyrus/lmtp", {companions::parse_cyrus_lmtp, "cyrus"}},
    {"cyrus/lmtpunix", {companions::parse_cyrus_lmtp, "cyrus"}},
    {"cyrus/lmtpd", {companions::parse_cyrus_lmtp, "cyrus"}},
    {"lmtpunix", {companions::parse_cyrus_lmtp, "cyrus"}},
    {"lmtpd", {companions::parse_cyrus_lmtp, "cyrus"}},
    {"cyrus/imap", {companions::parse_cyrus_login, "cyrus"}},
    {"cyrus/imaps", {companions::parse_cyrus_login, "cyrus"}},
    {"cyrus/pop3", {companions::parse_cyrus_login, "cyrus"}},
    {"cyrus/pop3s", {companions::parse_cyrus_login, "cyrus"}},
    {"cyrus/sieve", {companions::parse_cyrus_login, "cyrus"}},
    {"cyrus/timsieved", {companions::parse_cyrus_login, "cyrus"}},
    {"timsieved", {companions::parse_cyrus_login, "cyrus"}},
    {"MailScanner", {companions::parse_mailscanner, "mailscanner"}},
    {"rmilter", {companions::parse_rmilter, "rmilter"}},
    {"dkimpy-milter", {companions::parse_dkimpy, "dkimpy-milter"}},
    {"milter-regex", {companions::parse_milter_regex, "milter-regex"}},
    {"smf-spf", {companions::parse_smf_spf, "smf-spf"}},
    {"dspam", {companions::parse_dspam, "dspam"}},
    {"greyfix", {companions::parse_greyfix, "greyfix"}},
    {"KLMS", {companions::parse_kaspersky, "kaspersky"}},
    {"KSMG", {companions::parse_kaspersky, "kaspersky"}},
    {"iredapd", {companions::parse_iredapd, "iredapd"}},
    {"mimedefang", {companions::parse_mimedefang, "mimedefang"}},
    {"mimedefang.pl", {companions::parse_mimedefang, "mimedefang"}},
    {"mimedefang-multiplexor", {companions::parse_mimedefang, "mimedefang"}},
    {"pmg-smtp-filter", {companions::parse_pmg, "pmg"}},
    {"pmgpolicy", {companions::parse_pmgpolicy, "pmgpolicy"}},
    {"imapd", {companions::parse_courier, "courier"}},
    {"imapd-ssl", {companions::parse_courier, "courier"}},
    {"pop3d", {companions::parse_courier, "courier"}},
    {"pop3d-ssl", {companions::parse_courier, "courier"}},
    {"courierpop3login", {companions::parse_courier, "courier"}},
    {"courierimaplogin", {companions::parse_courier, "courier"}},
    {"authdaemond", {companions::parse_courier, "courier"}},
    {"authdaemond.mysql", {companions::parse_courier, "courier"}},
    {"authdaemond.plain", {companions::parse_courier, "courier"}},
    {"psa-pc-remote", {companions::parse_plesk, "plesk"}},
    {"plesk sendmail", {companions::parse_plesk, "plesk"}},
    {"postfix-local", {companions::parse_plesk, "plesk"}},
    {"check-quota", {companions::parse_plesk, "plesk"}},
    {"dk_check", {companions::parse_plesk, "plesk"}},
    {"dk_sign", {companions::parse_plesk, "plesk"}},
    {"spf", {companions::parse_plesk, "plesk"}},
    {"dmarc", {companions::parse_plesk, "plesk"}},
};

}  // namespace

Companion find_companion(std::string_view program) {
  if (program.starts_with("deliver(") || program.starts_with("dovecot-lda(")) {
    return {companions::parse_deliver, "dovecot"};
  }
  // "postfwd2/policy", "postfwd3/master": the process behind the name.
  if (program.ends_with("/psa-pc-remote")) return {companions::parse_plesk, "plesk"};
  const auto whole = program.substr(0, program.find('/'));
  for (const auto& row : kRows) {
    if (row.program == program || row.program == whole) return row.companion;
  }
  return {};
}

}  // namespace rastro
