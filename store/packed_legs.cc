#include "store/packed_legs.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace rastro {
namespace {

// A length up to 253 is one byte; 254 is an absent text, 255 comes before four bytes of length.
constexpr std::uint8_t kAbsent = 254;
constexpr std::uint8_t kLong = 255;

class Packer {
 public:
  // Writes over `room`, which grows.
  explicit Packer(std::vector<char>& room) : room_(room) { make_room(0); }
  std::string_view packed() const {
    return {room_.data(), static_cast<std::size_t>(at_ - room_.data())};
  }

  template <typename Value>
    requires std::is_trivially_copyable_v<Value>
  void plain(const Value& value) {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  template <typename Value>
  void maybe(const std::optional<Value>& value) {
    plain(static_cast<std::uint8_t>(value.has_value()));
    if (value) plain(*value);
  }
  void text(const std::string& text) { sized(text); }
  void text(const MaybeText& text) {
    if (text) {
      sized(*text);
    } else {
      plain(kAbsent);
    }
  }
  std::size_t count(std::size_t count) {
    length(count);
    return count;
  }
  template <typename Item>
  void plain_items(const std::vector<Item>& items) {
    length(items.size());
    if (!items.empty()) bytes(items.data(), items.size() * sizeof(Item));
  }
  // Before each item of a list.
  void start_item() { make_room(0); }

 private:
  // More than all fields of a part between two texts take, lengths of empty texts included.
  static constexpr std::size_t kPlainBytesMax = 512;

  void sized(std::string_view text) {
    length(text.size());
    if (!text.empty()) bytes(text.data(), text.size());
  }
  void length(std::size_t length) {
    if (length < kAbsent) {
      plain(static_cast<std::uint8_t>(length));
    } else {
      plain(kLong);
      plain(static_cast<std::uint32_t>(length));
    }
  }
  void bytes(const void* from, std::size_t size) {
    make_room(size);
    std::memcpy(at_, from, size);
    at_ += size;
  }
  // For `size` bytes and the plain fields behind them, which do not look.
  void make_room(std::size_t size) {
    if (static_cast<std::size_t>(end_ - at_) >= size + kPlainBytesMax) return;
    const auto used = at_ == nullptr ? 0 : packed().size();
    if (room_.size() < used + size + kPlainBytesMax) {
      room_.resize((used + size + kPlainBytesMax) * 2);
    }
    at_ = room_.data() + used;
    end_ = room_.data() + room_.size();
  }

  std::vector<char>& room_;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

class Unpacker {
 public:
  explicit Unpacker(const char* at) : at_(at) {}

  template <typename Value>
    requires std::is_trivially_copyable_v<Value>
  void plain(Value& value) {
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
  }
  template <typename Value>
  void maybe(std::optional<Value>& value) {
    if (get<std::uint8_t>() == 0) {
      value.reset();
    } else {
      value = get<Value>();
    }
  }
  void text(std::string& text) { text.assign(sized(get<std::uint8_t>())); }
  void text(MaybeText& text) {
    const auto first = get<std::uint8_t>();
    if (first == kAbsent) {
      text.reset();
    } else {
      text.emplace(sized(first));
    }
  }
  void start_item() {}
  std::size_t count(std::size_t /*of what is filled*/) { return length(get<std::uint8_t>()); }
  template <typename Item>
  void plain_items(std::vector<Item>& items) {
    items.resize(length(get<std::uint8_t>()));
    if (items.empty()) return;
    std::memcpy(items.data(), at_, items.size() * sizeof(Item));
    at_ += items.size() * sizeof(Item);
  }

 private:
  template <typename Value>
  Value get() {
    Value value;
    plain(value);
    return value;
  }
  std::size_t length(std::uint8_t first) { return first == kLong ? get<std::uint32_t>() : first; }
  std::string_view sized(std::uint8_t first) {
    const auto size = length(first);
    const std::string_view text(at_, size);
    at_ += size;
    return text;
  }

  const char* at_;
};

// One list of fields for both directions: `Leg` and its parts are const when packed.

template <typename Coder, typename Part>
void code_endpoint(Coder& coder, Part& endpoint) {
  coder.text(endpoint.host);
  coder.text(endpoint.ip);
  coder.plain(endpoint.port);
}

template <typename Coder, typename Part>
void code_recipient(Coder& coder, Part& recipient) {
  coder.text(recipient.recipient);
  coder.text(recipient.original_recipient);
  coder.text(recipient.dsn_original_recipient);
  coder.plain(recipient.outcome);
  coder.plain(recipient.delivered_to);
  coder.plain(recipient.unknown_because);
  coder.plain(recipient.reason);
  coder.plain(recipient.reply_code);
  coder.maybe(recipient.enhanced_status);
  coder.text(recipient.reply_text);
  coder.text(recipient.folder);
  coder.text(recipient.agent);
  code_endpoint(coder, recipient.relay);
  coder.text(recipient.tls);
  coder.plain(recipient.attempts);
  coder.maybe(recipient.first_attempt_at);
  coder.maybe(recipient.last_attempt_at);
}

template <typename Coder, typename Part>
void code_link(Coder& coder, Part& link) {
  coder.plain(link.kind);
  coder.plain(link.direction);
  coder.plain(link.claimed_by_peer);
  coder.text(link.queue_id);
  coder.plain(link.recipient);
  coder.plain(link.at);
}

template <typename Coder, typename Part>
void code_entry(Coder& coder, Part& entry) {
  coder.plain(entry.at);
  coder.plain(entry.kind);
  coder.plain(entry.recipient);
  coder.plain(entry.ordinal);
  coder.plain(entry.result);
  coder.plain(entry.reason);
  coder.plain(entry.reply_code);
  coder.maybe(entry.enhanced_status);
  coder.text(entry.agent);
  code_endpoint(coder, entry.relay);
  coder.text(entry.text);
}

template <typename Coder, typename Part>
void code_submission(Coder& coder, Part& submission) {
  coder.plain(submission.method);
  coder.text(submission.login);
  code_endpoint(coder, submission.client);
  coder.text(submission.helo);
  coder.maybe(submission.uid);
  coder.text(submission.user);
  coder.text(submission.script);
  coder.text(submission.script_dir);
}

template <typename Coder, typename Items, typename Code>
void code_items(Coder& coder, Items& items, Code code) {
  const auto count = coder.count(items.size());
  if constexpr (!std::is_const_v<Items>) items.resize(count);
  for (auto& item : items) {
    coder.start_item();
    code(item);
  }
}

template <typename Coder, typename Leg>
void code_leg(Coder& coder, Leg& leg) {
  coder.plain(leg.id);
  coder.text(leg.queue_id);
  coder.text(leg.host);
  coder.text(leg.instance);
  coder.plain(leg.generation);
  coder.plain(leg.mta);
  coder.plain(leg.accepted);
  coder.plain(leg.arrival_seen);
  coder.plain(leg.internal);
  coder.plain(leg.held);
  coder.plain(leg.probe);
  coder.plain(leg.accepted_reply_code);
  coder.plain(leg.opened_at);
  coder.plain(leg.last_activity_at);
  coder.maybe(leg.closed_at);
  coder.maybe(leg.accepted_at);
  coder.plain_items(leg.lines);
  code_items(coder, leg.recipients, [&](auto& one) { code_recipient(coder, one); });
  coder.text(leg.message_id);
  coder.text(leg.envelope_sender);
  coder.maybe(leg.size_bytes);
  coder.maybe(leg.recipient_count);
  code_submission(coder, leg.submission);
  coder.text(leg.accepted_tls);
  code_items(coder, leg.links, [&](auto& link) { code_link(coder, link); });
  code_items(coder, leg.timeline, [&](auto& entry) { code_entry(coder, entry); });
  coder.text(leg.protocol);
  coder.text(leg.subject);
  coder.text(leg.accepted_reply_text);
  code_items(coder, leg.facts, [&](auto& fact) {
    coder.text(fact.source);
    coder.text(fact.name);
    coder.text(fact.value);
  });
}

}  // namespace

void PackedLegs::push_back(const LegRecord& leg) {
  Packer packer(one_);
  code_leg(packer, leg);
  const auto packed = packer.packed();
  starts_.push_back(bytes_.size());
  bytes_.insert(bytes_.end(), packed.begin(), packed.end());
}

void PackedLegs::for_each(const std::function<void(const LegRecord&)>& visit) const {
  LegRecord leg;
  for (const auto start : starts_) {
    Unpacker unpacker(bytes_.data() + start);
    code_leg(unpacker, leg);
    visit(leg);
  }
}

void PackedLegs::clear(std::size_t bytes_max) {
  starts_.clear();
  bytes_.clear();
  if (bytes_.capacity() > bytes_max) *this = {};
}

}  // namespace rastro
