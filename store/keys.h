#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/journey.h"
#include "store/hash_key.h"
#include "store/postings.h"
#include "store/query.h"

namespace rastro {

// Posts every key of a leg (KeyKind) for one row. The parts come one by one, so that a start can
// post from the few columns that matter.
class KeyPoster {
 public:
  KeyPoster(const KeyHasher& hasher, std::vector<Posting>& out) : hasher_(hasher), out_(out) {}

  void start_row(std::uint32_t row) { row_ = row; }
  void post_leg(std::uint64_t leg_id, std::string_view queue_id, std::string_view message_id);
  void post_sender(std::string_view address);  // envelope sender or login
  void post_recipient(std::string_view address);
  void post_client(std::string_view host, std::string_view ip);
  void post_relay(std::string_view host, std::string_view ip);
  void post_link(std::string_view queue_id);
  void post_unknown(bool sender, bool client);
  void post(const LegRecord& leg);

 private:
  void post_value(KeyKind kind, std::string_view value);
  void post_folded(KeyKind kind, std::string_view value);
  void post_address(KeyKind whole, KeyKind domain, std::string_view address);
  const KeyHasher& hasher_;
  std::vector<Posting>& out_;
  std::uint32_t row_ = 0;
  std::string folded_;
};

// The value under which `key` was posted: folded where its kind is.
std::string posted_value(const LegKey& key);
std::uint32_t hash_of(const KeyHasher& hasher, const LegKey& key);
std::uint32_t hash_of_leg_id(const KeyHasher& hasher, std::uint64_t leg_id);

// Whether the leg truly has the key; `value` is posted_value().
bool has_key(const LegRecord& leg, KeyKind kind, std::string_view value);

}  // namespace rastro
