#include "parsers/companions/companions.h"

#include "parsers/companions/internal.h"

namespace rastro {

Companion find_companion(std::string_view program) {
  using namespace companions;
  struct Row {
    std::string_view program;
    Companion companion;
  };
  static constexpr Row kRows[] = {
      {"dovecot", {parse_dovecot, "dovecot"}},
      {"saslauthd", {parse_saslauthd, "saslauthd"}},
      {"plesk_saslauthd", {parse_plesk_saslauthd, "saslauthd"}},
      {"amavis", {parse_amavis, "amavis"}},
      {"amavisd", {parse_amavis, "amavis"}},
      {"amavisd-new", {parse_amavis, "amavis"}},
      {"rspamd", {parse_rspamd, "rspamd"}},
      {"spamd", {parse_spamd, "spamd"}},
      {"spamd-child", {parse_spamd, "spamd"}},
      {"spamc", {parse_spamd, "spamd"}},
      {"spamass-milter", {parse_spamd, "spamd"}},
      {"opendkim", {parse_opendkim, "opendkim"}},
      {"openarc", {parse_openarc, "openarc"}},
      {"opendmarc", {parse_opendmarc, "opendmarc"}},
      {"postgrey", {parse_postgrey, "postgrey"}},
      {"sqlgrey", {parse_sqlgrey, "sqlgrey"}},
      {"milter-greylist", {parse_milter_greylist, "milter-greylist"}},
      {"policyd-spf", {parse_policyd_spf, "policyd-spf"}},
      {"policy-spf", {parse_policyd_spf, "policyd-spf"}},
      {"postfix-policyd-spf-perl", {parse_policyd_spf, "policyd-spf"}},
      {"pyspf-milter", {parse_policyd_spf, "policyd-spf"}},
      {"clamav-milter", {parse_clamav, "clamav-milter"}},
      {"clamsmtpd", {parse_clamsmtp, "clamsmtp"}},
      {"clamsmtp", {parse_clamsmtp, "clamsmtp"}},
      {"postsrsd", {parse_postsrsd, "postsrsd"}},
      {"postfwd", {parse_policyd, "policyd"}},
      {"postfwd2", {parse_policyd, "policyd"}},
      {"postfwd3", {parse_policyd, "policyd"}},
      {"cbpolicyd", {parse_policyd, "policyd"}},
      {"policyd-weight", {parse_policyd_weight, "policyd-weight"}},
      {"policyd", {parse_policyd, "policyd"}},
      {"spampd", {parse_spampd, "spampd"}},
      {"cyrus/lmtp", {parse_cyrus_lmtp, "cyrus"}},
      {"cyrus/lmtpunix", {parse_cyrus_lmtp, "cyrus"}},
      {"cyrus/lmtpd", {parse_cyrus_lmtp, "cyrus"}},
      {"lmtpunix", {parse_cyrus_lmtp, "cyrus"}},
      {"lmtpd", {parse_cyrus_lmtp, "cyrus"}},
      {"MailScanner", {parse_mailscanner, "mailscanner"}},
      {"iredapd", {parse_iredapd, "iredapd"}},
      {"mimedefang", {parse_mimedefang, "mimedefang"}},
      {"mimedefang.pl", {parse_mimedefang, "mimedefang"}},
      {"mimedefang-multiplexor", {parse_mimedefang, "mimedefang"}},
      {"pmg-smtp-filter", {parse_pmg, "pmg"}},
      {"pmgpolicy", {parse_pmgpolicy, "pmgpolicy"}},
  };
  if (program.starts_with("deliver(") || program.starts_with("dovecot-lda(")) {
    return {parse_deliver, "dovecot"};
  }
  // "postfwd2/policy", "postfwd3/master": the process behind the name.
  const auto whole = program.substr(0, program.find('/'));
  for (const auto& row : kRows) {
    if (row.program == program || row.program == whole) return row.companion;
  }
  return {};
}

}  // namespace rastro
