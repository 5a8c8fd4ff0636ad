#include "daemon/correlate/pending_codec.h"

#include <cstdint>
#include <cstring>

namespace rastro {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kItemsMax = 1000;

void put(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}
void put(std::string& out, std::string_view text) {
  put(out, text.size());
  out.append(text);
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
  put(out, session.client.host);
  put(out, session.client.ip);
  put(out, std::uint64_t{session.client.port});
  put(out, session.tls.value_or(""));
  put(out, session.tls_peer.value_or(""));
  put(out, session.lines.size());
  for (const auto& line : session.lines) {
    put(out, std::uint64_t{line.source});
    put(out, line.offset);
    put(out, std::uint64_t{line.length});
  }
  put(out, session.legs);
  put(out, session.refused);
  return out;
}

bool decode_session(std::string_view value, Session& session) {
  if (value.empty() || value[0] != kVersion) return false;
  Reader in{value.substr(1)};
  session.last_at = Time(Duration(static_cast<std::int64_t>(in.number())));
  session.client.host = in.text();
  session.client.ip = in.text();
  session.client.port = static_cast<std::uint16_t>(in.number());
  if (auto tls = in.text(); !tls.empty()) session.tls = std::move(tls);
  if (auto peer = in.text(); !peer.empty()) session.tls_peer = std::move(peer);
  session.lines.resize(in.count());
  for (auto& line : session.lines) {
    line.source = static_cast<std::uint32_t>(in.number());
    line.offset = in.number();
    line.length = static_cast<std::uint32_t>(in.number());
  }
  session.legs = in.legs();
  session.refused = in.legs();
  return in.good && in.left.empty();
}

}  // namespace rastro
