#include "daemon/correlate/pending_codec.h"

#include <cstdint>
#include <cstring>

namespace rastro {
namespace {

constexpr char kVersion = 2;
constexpr std::size_t kItemsMax = 1000;

void put(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}
void put(std::string& out, std::string_view text) {
  put(out, text.size());
  out.append(text);
}
void put(std::string& out, const Endpoint& endpoint) {
  put(out, endpoint.host);
  put(out, endpoint.ip);
  put(out, std::uint64_t{endpoint.port});
}
void put(std::string& out, LineRef line) {
  put(out, std::uint64_t{line.source});
  put(out, line.offset);
  put(out, std::uint64_t{line.length});
}
void put(std::string& out, const std::vector<LegHandle>& legs) {
  put(out, legs.size());
  for (const auto& leg : legs) {
    put(out, leg.id);
  }
}

struct Reader {
  std::string_view left;
  bool good = true;

  std::uint64_t number() {
    if (left.size() < 8) {
      good = false;
      return 0;
    }
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) {
      value |=
          static_cast<std::uint64_t>(static_cast<unsigned char>(left[static_cast<std::size_t>(i)]))
          << (8 * i);
    }
    left.remove_prefix(8);
    return value;
  }
  std::string text() {
    const auto size = number();
    if (size > left.size()) {
      good = false;
      return {};
    }
    std::string value(left.substr(0, size));
    left.remove_prefix(size);
    return value;
  }
  std::uint64_t count() {
    const auto value = number();
    if (value > kItemsMax) good = false;
    return good ? value : 0;
  }
  Endpoint endpoint() {
    Endpoint out;
    out.host = text();
    out.ip = text();
    out.port = static_cast<std::uint16_t>(number());
    return out;
  }
  LineRef line() {
    LineRef out;
    out.source = static_cast<std::uint32_t>(number());
    out.offset = number();
    out.length = static_cast<std::uint32_t>(number());
    return out;
  }
  Time time() { return Time(Duration(static_cast<std::int64_t>(number()))); }
  std::vector<LegHandle> legs() {
    std::vector<LegHandle> out(count());
    for (auto& leg : out) leg.id = number();
    return out;
  }
};

}  // namespace

std::string encode_session(const Session& session) {
  std::string out(1, kVersion);
  put(out, static_cast<std::uint64_t>(session.last_at.time_since_epoch().count()));
  put(out, session.client);
  put(out, session.tls.value_or(""));
  put(out, session.tls_peer.value_or(""));
  put(out, session.lines.size());
  for (const auto& line : session.lines) put(out, line);
  put(out, session.legs);
  put(out, session.refused);
  put(out, session.unreached.size());
  for (const auto& host : session.unreached) {
    put(out, static_cast<std::uint64_t>(host.at.time_since_epoch().count()));
    put(out, host.relay);
    put(out, host.text);
    put(out, host.line);
  }
  return out;
}

bool decode_session(std::string_view value, Session& session) {
  if (value.empty() || value[0] != kVersion) return false;
  Reader in{value.substr(1)};
  session.last_at = in.time();
  session.client = in.endpoint();
  if (auto tls = in.text(); !tls.empty()) session.tls = std::move(tls);
  if (auto peer = in.text(); !peer.empty()) session.tls_peer = std::move(peer);
  session.lines.resize(in.count());
  for (auto& line : session.lines) line = in.line();
  session.legs = in.legs();
  session.refused = in.legs();
  session.unreached.resize(in.count());
  for (auto& host : session.unreached) {
    host.at = in.time();
    host.relay = in.endpoint();
    host.text = in.text();
    host.line = in.line();
  }
  return in.good && in.left.empty();
}

}  // namespace rastro
