#include "store/packed_leg.h"

#include <utility>

#include "store/packed_text.h"

namespace rastro {
namespace {

constexpr unsigned kOutcomeBits = 5;
constexpr unsigned kCodeBits = 16;
static_assert(static_cast<unsigned>(Outcome::passed) < 1U << kOutcomeBits);

}  // namespace

bool PackedLegStart::take(std::string_view& more, bool has_header, bool has_recipient) {
  if (has_header && !header.take(more, kHeaderFields)) return false;
  return !has_recipient || recipient.take(more, kRecipientFields);
}

const std::string& LinkQueueIds::next(const PackedLink& link) {
  using F = LinkField;
  if (link.has(F::packed_queue_id)) {
    auto id = unpack_text(link.text(F::packed_queue_id));
    sound_ = sound_ && id.has_value();
    id_ = std::move(id).value_or("");
  } else if (!link.has(F::same_queue_id)) {
    id_ = link.text(F::queue_id);
  }
  return id_;
}

std::int64_t pack_result(const ResultNumber& result) {
  return static_cast<std::int64_t>(result.outcome) |
         (static_cast<std::int64_t>(result.reply_code) << kOutcomeBits) |
         (static_cast<std::int64_t>(result.reason) << (kOutcomeBits + kCodeBits));
}

ResultNumber unpack_result(std::int64_t packed) {
  return {static_cast<Outcome>(packed & ((1 << kOutcomeBits) - 1)),
          static_cast<std::uint16_t>(packed >> kOutcomeBits),
          static_cast<Reason>(packed >> (kOutcomeBits + kCodeBits))};
}

std::uint64_t pack_status(const EnhancedStatus& status) {
  if (status.klass < 8 && status.subject < 16) {
    return (std::uint64_t{status.detail} << 8) | (std::uint64_t{status.subject} << 4) |
           (std::uint64_t{status.klass} << 1);
  }
  return (std::uint64_t{status.klass} << 33) | (std::uint64_t{status.subject} << 17) |
         (std::uint64_t{status.detail} << 1) | 1;
}

EnhancedStatus unpack_status(std::uint64_t packed) {
  if ((packed & 1) == 0) {
    return {static_cast<std::uint8_t>((packed >> 1) & 7),
            static_cast<std::uint16_t>((packed >> 4) & 15),
            static_cast<std::uint16_t>(packed >> 8)};
  }
  return {static_cast<std::uint8_t>(packed >> 33), static_cast<std::uint16_t>(packed >> 17),
          static_cast<std::uint16_t>(packed >> 1)};
}

}  // namespace rastro
