#include "daemon/webmail_clients.h"

#include <algorithm>

namespace rastro {
namespace {

namespace ip = boost::asio::ip;

template <typename Address, typename Network>
bool in_network(const Address& address, const Network& network) {
  return Network(address, network.prefix_length()).canonical() == network.canonical();
}

}  // namespace

WebmailClients::WebmailClients(const std::vector<std::string>& blocks) {
  for (const auto& block : blocks) {
    boost::system::error_code error;
    const bool slash = block.find('/') != std::string::npos;
    const bool v6 = block.find(':') != std::string::npos;
    const auto text = slash ? block : block + (v6 ? "/128" : "/32");
    if (v6) {
      const auto network = ip::make_network_v6(text, error);
      if (!error) v6_.push_back(network);
    } else {
      const auto network = ip::make_network_v4(text, error);
      if (!error) v4_.push_back(network);
    }
  }
}

bool WebmailClients::contains(std::string_view ip) const {
  if (v4_.empty() && v6_.empty()) return false;
  boost::system::error_code error;
  const auto address = ip::make_address(std::string(ip), error);
  if (error) return false;
  if (address.is_v4()) {
    return std::ranges::any_of(v4_, [&](const auto& n) { return in_network(address.to_v4(), n); });
  }
  return std::ranges::any_of(v6_, [&](const auto& n) { return in_network(address.to_v6(), n); });
}

}  // namespace rastro
