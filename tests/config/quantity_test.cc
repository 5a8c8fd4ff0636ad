#include "config/quantity.h"

#include <gtest/gtest.h>

#include <chrono>

namespace rastro {
namespace {

using namespace std::chrono_literals;

TEST(ParseDuration, TakesEveryUnit) {
  EXPECT_EQ(parse_duration("200ms"), Duration(200ms));
  EXPECT_EQ(parse_duration("90s"), Duration(90s));
  EXPECT_EQ(parse_duration("5m"), Duration(5min));
  EXPECT_EQ(parse_duration("24h"), Duration(24h));
  EXPECT_EQ(parse_duration("6d"), Duration(144h));
  EXPECT_EQ(parse_duration("0"), Duration(0));
}

TEST(ParseDuration, RefusesEverythingElse) {
  for (const auto* text :
       {"", "24", "h", "-1h", "1.5h", "24 h", "24H", "1h30m", "1e3s", "+1s", "3651d",
        "999999999999999999d", "18446744073709551616s", "5min", "0x10s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(FormatDuration, IsReadBackAsItself) {
  for (const auto duration :
       {Duration(0), Duration(200ms), Duration(90s), Duration(1h), Duration(25h), Duration(144h)}) {
    EXPECT_EQ(parse_duration(format_duration(duration)), duration);
  }
  EXPECT_EQ(format_duration(144h), "6d");
}

TEST(ParseSize, TakesBinaryUnits) {
  EXPECT_EQ(parse_size("512"), 512U);
  EXPECT_EQ(parse_size("64KiB"), 65'536U);
  EXPECT_EQ(parse_size("64MiB"), 67'108'864U);
  EXPECT_EQ(parse_size("2GiB"), 2'147'483'648U);
}

TEST(ParseSize, RefusesEverythingElse) {
  for (const auto* text : {"", "64MB", "64M", "64 MiB", "-1", "1.5GiB", "mib", "99999999999GiB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(IsIpOrCidr, KnowsBothFamilies) {
  for (const auto* text :
       {"192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::1", "2001:db8::/32", "::/128"}) {
    EXPECT_TRUE(is_ip_or_cidr(text)) << text;
  }
  for (const auto* text : {"", "192.0.2", "192.0.2.1/33", "192.0.2.1/", "192.0.2.1/-1",
                           "2001:db8::/129", "host.example.org", "192.0.2.1 ", "[::1]"}) {
    EXPECT_FALSE(is_ip_or_cidr(text)) << text;
  }
}

}  // namespace
}  // namespace rastro
