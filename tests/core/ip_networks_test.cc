#include "core/ip_networks.h"

#include <gtest/gtest.h>

namespace rastro {
namespace {

TEST(IpNetworks, PrivateOnesEndWhereTheRfcsSay) {
  for (const auto* ip : {"10.0.0.1", "192.168.1.1", "172.16.0.1", "172.20.3.4", "172.31.255.255",
                         "fd00::1", "fc00::1"}) {
    EXPECT_TRUE(is_private_network(ip)) << ip;
  }
  for (const auto* ip :
       {"", "100.0.0.1", "192.167.1.1", "172.15.0.1", "172.32.0.1", "172.160.0.1", "172.2.0.1",
        "172.", "fe80::1", "2001:db8::1", "127.0.0.1", "fd.example", "fcmail.example.org"}) {
    EXPECT_FALSE(is_private_network(ip)) << ip;
  }
}

TEST(IpNetworks, LoopbackIsThisHostAlone) {
  EXPECT_TRUE(is_loopback("127.0.0.1"));
  EXPECT_TRUE(is_loopback("127.0.1.1"));
  EXPECT_TRUE(is_loopback("::1"));
  for (const auto* ip : {"", "12.7.0.1", "::12", "128.0.0.1"}) EXPECT_FALSE(is_loopback(ip)) << ip;
}

}  // namespace
}  // namespace rastro
