#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace rastro {

// Whether a client's address is one of the configured webmail hosts (addresses or CIDR blocks; the
// configuration has checked their form). Unparsable client addresses are none.
class WebmailClients {
 public:
  explicit WebmailClients(const std::vector<std::string>& blocks);
  bool contains(std::string_view ip) const;

 private:
  std::vector<boost::asio::ip::network_v4> v4_;
  std::vector<boost::asio::ip::network_v6> v6_;
};

}  // namespace rastro
