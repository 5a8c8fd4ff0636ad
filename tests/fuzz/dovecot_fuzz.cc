#include "tests/fuzz/parser_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view kTags[] = {"dovecot", "saslauthd"};
  return rastro::fuzz::run_parser(data, size, kTags);
}
