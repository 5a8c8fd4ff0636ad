#include "tests/fuzz/parser_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view kTags[] = {
      "postfix/smtpd",     "postfix/smtp",     "postfix/cleanup",       "postfix/qmgr",
      "postfix/local",     "postfix/pickup",   "postfix/bounce",        "postfix/postscreen",
      "postfix/postsuper", "postfix/tlsproxy", "postfix/master",        "postfix/error",
      "postfix/lmtp",      "postfix/anvil",    "postfix/postfix-script"};
  return rastro::fuzz::run_parser(data, size, kTags);
}
