#include "parsers/postfix/internal.h"
#include "parsers/postfix/postfix.h"

namespace rastro {

ParseFunction find_postfix_parser(std::string_view program) {
  using namespace postfix;
  struct Row {
    std::string_view name;
    ParseFunction parse;
  };
  static constexpr Row kRows[] = {
      {"smtp", parse_delivery},
      {"smtpd", parse_smtpd},
      {"qmgr", parse_qmgr},
      {"cleanup", parse_cleanup},
      {"local", parse_delivery},
      {"lmtp", parse_delivery},
      {"virtual", parse_delivery},
      {"pipe", parse_delivery},
      {"error", parse_delivery},
      {"retry", parse_delivery},
      {"discard", parse_delivery},
      {"bounce", parse_bounce},
      {"defer", parse_bounce},
      {"trace", parse_bounce},
      {"pickup", parse_pickup},
      {"oqmgr", parse_qmgr},
      {"nqmgr", parse_qmgr},
      {"postsuper", parse_postsuper},
      {"postscreen", parse_postscreen},
      {"tlsproxy", parse_tlsproxy},
      {"anvil", parse_general},
      {"dnsblog", parse_general},
      {"flush", parse_general},
      {"master", parse_general},
      {"nbdb_reindexd", parse_general},
      {"postalias", parse_general},
      {"postcat", parse_general},
      {"postconf", parse_general},
      {"postdrop", parse_general},
      {"postfix", parse_general},
      {"postfix-script", parse_general},
      {"postfix-tls-script", parse_general},
      {"post-install", parse_general},
      {"postkick", parse_general},
      {"postlock", parse_general},
      {"postlog", parse_general},
      {"postlogd", parse_general},
      {"postmap", parse_general},
      {"postmulti", parse_general},
      {"postmulti-script", parse_general},
      {"postqueue", parse_general},
      {"proxymap", parse_general},
      {"proxywrite", parse_general},
      {"scache", parse_general},
      {"sendmail", parse_general},
      {"showq", parse_general},
      {"spawn", parse_general},
      {"tlsmgr", parse_general},
      {"trivial-rewrite", parse_general},
      {"verify", parse_general},
      {"qmqpd", parse_smtpd},
  };
  for (const auto& row : kRows) {
    if (row.name == program) return row.parse;
  }
  return nullptr;
}

}  // namespace rastro
