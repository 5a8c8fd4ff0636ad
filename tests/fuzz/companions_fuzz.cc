#include "tests/fuzz/parser_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view kTags[] = {
      "amavis",   "rspamd",    "spamd",           "opendkim",    "opendmarc",     "openarc",
      "postgrey", "sqlgrey",   "milter-greylist", "policyd-spf", "clamav-milter", "clamsmtpd",
      "postsrsd", "cbpolicyd", "postfwd3/policy", "rsyslogd",    "imapd",         "psa-pc-remote"};
  return rastro::fuzz::run_parser(data, size, kTags);
}
