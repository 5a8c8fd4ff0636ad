// Writes the log of a generated day, and what a reader should find out about it.
//
//   generate_day postfix|exim [--messages N] [--seed N] [--rate PER_SECOND] [--start EPOCH]
//                [--stamps rfc3164|rfc3339] [--long-ids] [--log FILE|-] [--expected FILE]

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "bench/generate/day.h"

namespace {

int usage() {
  std::fputs(
      "usage: generate_day postfix|exim [--messages N] [--seed N] [--rate PER_SECOND]\n"
      "       [--start EPOCH] [--stamps rfc3164|rfc3339] [--long-ids] [--log FILE|-]\n"
      "       [--expected FILE]\n",
      stderr);
  return 2;
}

std::FILE* open_or_exit(const std::string& path) {
  if (path == "-") return stdout;
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file != nullptr) return file;
  std::fprintf(stderr, "generate_day: write %s: %s\n", path.c_str(), std::strerror(errno));
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace rastro::bench;
  if (argc < 2) return usage();
  const std::string_view mta = argv[1];
  if (mta != "postfix" && mta != "exim") return usage();
  DayOptions options;
  auto stamps = mta == "exim" ? Stamps::exim : Stamps::rfc3339;
  std::string log_path = "-";
  std::string expected_path;
  for (int i = 2; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--long-ids") {
      options.long_ids = true;
      continue;
    }
    if (++i == argc) return usage();
    const std::string value = argv[i];
    if (name == "--messages") {
      options.messages = std::strtoull(value.c_str(), nullptr, 10);
    } else if (name == "--seed") {
      options.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (name == "--rate") {
      options.messages_per_s = std::strtod(value.c_str(), nullptr);
    } else if (name == "--start") {
      options.start = std::strtoll(value.c_str(), nullptr, 10) * 1'000'000;
    } else if (name == "--stamps" && (value == "rfc3164" || value == "rfc3339")) {
      stamps = value == "rfc3164" ? Stamps::rfc3164 : Stamps::rfc3339;
    } else if (name == "--log") {
      log_path = value;
    } else if (name == "--expected") {
      expected_path = value;
    } else {
      return usage();
    }
  }
  if (options.messages_per_s <= 0) return usage();
  std::FILE* log_file = open_or_exit(log_path);
  std::FILE* expected_file = expected_path.empty() ? nullptr : open_or_exit(expected_path);
  DayLog log(log_file, stamps);
  ExpectedOut expected(expected_file);
  const auto lines = mta == "exim" ? write_exim_day(options, log, expected)
                                   : write_postfix_day(options, log, expected);
  std::fprintf(stderr, "%llu messages, %llu lines\n",
               static_cast<unsigned long long>(options.messages),
               static_cast<unsigned long long>(lines));
  const bool written = std::fflush(log_file) == 0 && std::ferror(log_file) == 0 &&
                       (expected_file == nullptr || std::fflush(expected_file) == 0);
  if (!written) std::fprintf(stderr, "generate_day: cannot write: %s\n", std::strerror(errno));
  return written ? 0 : 1;
}
