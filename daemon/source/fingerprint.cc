#include "daemon/source/fingerprint.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "daemon/source/content.h"

namespace rastro {
namespace {

std::uint64_t mix(std::uint64_t state, std::uint64_t word) {
  state ^= word;
  state *= 0x9fb21c651e98df25U;
  return state ^ std::rotl(state, 29) ^ (state >> 32);
}

}  // namespace

std::uint64_t fingerprint(std::string_view bytes) {
  std::uint64_t state = mix(0x243f6a8885a308d3U, bytes.size());
  while (!bytes.empty()) {
    // Byte order is spelled out: a state directory may move to another machine.
    std::uint64_t word = 0;
    const auto size = std::min<std::size_t>(bytes.size(), 8);
    for (std::size_t i = 0; i < size; ++i) {
      word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    state = mix(state, word);
    bytes.remove_prefix(size);
  }
  return mix(state, 0x13198a2e03707344U);
}

std::string read_head(Content& content) {
  std::string head(kHeadBytesMax, '\0');
  std::size_t size = 0;
  while (size < head.size()) {
    const auto got = content.read_at(size, head.data() + size, head.size() - size);
    if (!got || *got == 0) break;
    size += *got;
  }
  head.resize(size);
  return head;
}

bool same_content(const SourcePosition& position, std::string_view head, Content& content) {
  if (position.offset == 0 || position.head_length == 0) return false;
  if (head.size() < position.head_length) return false;
  if (fingerprint(head.substr(0, position.head_length)) != position.head_hash) return false;
  const auto size = std::min<std::uint64_t>(position.offset, kAnchorBytes);
  std::array<char, kAnchorBytes> anchor{};
  std::size_t have = 0;
  while (have < size) {
    const auto got =
        content.read_at(position.offset - size + have, anchor.data() + have, size - have);
    if (!got) return got.error().code == Error::Code::corrupt;
    if (*got == 0) return false;
    have += *got;
  }
  return fingerprint({anchor.data(), have}) == position.anchor_hash;
}

}  // namespace rastro
