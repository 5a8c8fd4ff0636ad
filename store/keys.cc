#include "store/keys.h"

#include <algorithm>
#include <optional>

#include "core/address.h"

namespace rastro {
namespace {

void fold_into(std::string& out, std::string_view text) {
  out.assign(text);
  for (auto& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
}

bool is_verbatim(KeyKind kind) {
  return kind == KeyKind::queue_id || kind == KeyKind::linked_queue_id ||
         kind == KeyKind::message_id;
}

bool same_folded(std::string_view text, std::string_view folded) {
  return equal_ignoring_case(text, folded);
}

bool has_domain(std::string_view address, std::string_view folded) {
  const auto domain = split_address(address).domain;
  return !domain.empty() && same_folded(domain, folded);
}

// The address without its +tag: "juan@x" for "juan+lists@x". Nothing without one.
std::optional<std::string> untagged(std::string_view address) {
  const auto parts = split_address(address);
  const auto plus = parts.local_part.find('+');
  if (plus == std::string_view::npos || plus == 0 || parts.local_part.front() == '"')
    return std::nullopt;
  std::string out(parts.local_part.substr(0, plus));
  if (!parts.domain.empty()) out.append("@").append(parts.domain);
  return out;
}

bool same_mailbox_folded(std::string_view address, std::string_view folded) {
  if (same_folded(address, folded)) return true;
  const auto base = untagged(address);
  return base && same_folded(*base, folded);
}

bool any_sender(const LegRecord& leg, std::string_view value,
                bool (*matches)(std::string_view, std::string_view)) {
  return (leg.envelope_sender && matches(*leg.envelope_sender, value)) ||
         (leg.submission.login && matches(*leg.submission.login, value));
}

bool any_recipient(const LegRecord& leg, std::string_view value,
                   bool (*matches)(std::string_view, std::string_view)) {
  return std::any_of(leg.recipients.begin(), leg.recipients.end(), [&](const LegRecipient& one) {
    return matches(one.recipient, value) ||
           (one.original_recipient && matches(*one.original_recipient, value));
  });
}

bool is_endpoint(const Endpoint& endpoint, std::string_view value) {
  return !value.empty() && (same_folded(endpoint.host, value) || same_folded(endpoint.ip, value));
}

}  // namespace

void KeyPoster::post_value(KeyKind kind, std::string_view value) {
  out_.push_back(make_posting(hasher_(static_cast<std::uint8_t>(kind), value), row_));
}

void KeyPoster::post_folded(KeyKind kind, std::string_view value) {
  if (value.empty()) return;
  fold_into(folded_, value);
  post_value(kind, folded_);
}

void KeyPoster::post_address(KeyKind whole, KeyKind domain, std::string_view address) {
  // The empty one is posted too: "" is the null reverse-path, and bounces are asked for.
  fold_into(folded_, address);
  post_value(whole, folded_);
  if (const auto base = untagged(folded_)) post_value(whole, *base);
  const auto parts = split_address(folded_);
  if (!parts.domain.empty()) post_value(domain, parts.domain);
}

void KeyPoster::post_leg(std::uint64_t leg_id, std::string_view queue_id,
                         std::string_view message_id) {
  out_.push_back(make_posting(hash_of_leg_id(hasher_, leg_id), row_));
  if (!queue_id.empty()) post_value(KeyKind::queue_id, queue_id);
  if (!message_id.empty()) post_value(KeyKind::message_id, message_id);
}

void KeyPoster::post_sender(std::string_view address) {
  post_address(KeyKind::sender, KeyKind::sender_domain, address);
}

void KeyPoster::post_recipient(std::string_view address) {
  post_address(KeyKind::recipient, KeyKind::recipient_domain, address);
}

void KeyPoster::post_client(std::string_view host, std::string_view ip) {
  post_folded(KeyKind::client, host);
  post_folded(KeyKind::client, ip);
}

void KeyPoster::post_relay(std::string_view host, std::string_view ip) {
  post_folded(KeyKind::relay, host);
  post_folded(KeyKind::relay, ip);
}

void KeyPoster::post_link(std::string_view queue_id) {
  if (!queue_id.empty()) post_value(KeyKind::linked_queue_id, queue_id);
}

void KeyPoster::post_unknown(bool sender, bool client) {
  if (sender) post_value(KeyKind::sender_unknown, {});
  if (client) post_value(KeyKind::client_unknown, {});
}

void KeyPoster::post(const LegRecord& leg) {
  post_leg(leg.id, leg.queue_id,
           leg.message_id ? std::string_view(*leg.message_id) : std::string_view());
  if (leg.envelope_sender) post_sender(*leg.envelope_sender);
  if (leg.submission.login) post_sender(*leg.submission.login);
  post_client(leg.submission.client.host, leg.submission.client.ip);
  for (const auto& recipient : leg.recipients) {
    post_recipient(recipient.recipient);
    if (recipient.original_recipient) post_recipient(*recipient.original_recipient);
    post_relay(recipient.relay.host, recipient.relay.ip);
  }
  for (const auto& link : leg.links) post_link(link.queue_id);
  post_unknown(is_sender_unknown(leg), is_client_unknown(leg));
}

std::string posted_value(const LegKey& key) {
  return is_verbatim(key.kind) ? key.value : fold_address(key.value);
}

std::uint32_t hash_of_leg_id(const KeyHasher& hasher, std::uint64_t leg_id) {
  return hasher(static_cast<std::uint8_t>(KeyKind::leg_id),
                {reinterpret_cast<const char*>(&leg_id), sizeof leg_id});
}

std::uint32_t hash_of(const KeyHasher& hasher, const LegKey& key) {
  if (key.kind == KeyKind::leg_id) {
    return hash_of_leg_id(hasher, parse_leg_id(posted_value(key)).value_or(0));
  }
  return hasher(static_cast<std::uint8_t>(key.kind), posted_value(key));
}

bool has_key(const LegRecord& leg, KeyKind kind, std::string_view value) {
  switch (kind) {
    case KeyKind::recipient:
      return any_recipient(leg, value, same_mailbox_folded);
    case KeyKind::sender:
      return any_sender(leg, value, same_mailbox_folded);
    case KeyKind::recipient_domain:
      return any_recipient(leg, value, has_domain);
    case KeyKind::sender_domain:
      return any_sender(leg, value, has_domain);
    case KeyKind::queue_id:
      return !value.empty() && leg.queue_id == value;
    case KeyKind::linked_queue_id:
      return std::any_of(leg.links.begin(), leg.links.end(),
                         [value](const LegLink& link) { return link.queue_id == value; });
    case KeyKind::message_id:
      return !value.empty() && leg.message_id == value;
    case KeyKind::client:
      return is_endpoint(leg.submission.client, value);
    case KeyKind::relay:
      return std::any_of(
          leg.recipients.begin(), leg.recipients.end(),
          [value](const LegRecipient& one) { return is_endpoint(one.relay, value); });
    case KeyKind::leg_id:
      return parse_leg_id(value) == leg.id;
    case KeyKind::sender_unknown:
      return is_sender_unknown(leg);
    case KeyKind::client_unknown:
      return is_client_unknown(leg);
  }
  return false;
}

}  // namespace rastro
