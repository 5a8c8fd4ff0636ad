#include "daemon/correlate/sessions.h"

#include <memory>
#include <utility>

namespace rastro {

void Session::take_place_of(Session& other) {
  other.client = std::move(client);
  other.lines = std::move(lines);
  other.legs = std::move(legs);
  other.refused = std::move(refused);
  other.refused_before = std::move(refused_before);
  other.refusals = refusals;
  other.commands_refused = commands_refused;
  other.verdicts = std::move(verdicts);
  other.tls = std::move(tls);
  other.tls_peer = std::move(tls_peer);
  other.unreached = std::move(unreached);
  other.facts = std::move(facts);
  other.mailboxes = std::move(mailboxes);
}

void Session::reset() {
  name.clear();
  key = 0;
  last_at = {};
  client.host.clear();
  client.ip.clear();
  client.port = 0;
  lines.clear();
  legs.clear();
  refused.clear();
  refused_before.clear();
  refusals = 0;
  commands_refused = 0;
  verdicts.clear();
  tls.reset();
  tls_peer.reset();
  unreached.clear();
  facts.clear();
  mailboxes.clear();
  dirty_number = 0;
  stored = false;
}

Sessions::~Sessions() {
  by_age_.clear_and_dispose([](Session* session) { delete session; });
}

Session* Sessions::find(std::string_view name) {
  const auto found = by_key_.find(hash_(name));
  return found != by_key_.end() && found->second->name == name ? found->second : nullptr;
}

Session& Sessions::open(std::string_view name, Time now) {
  const auto key = hash_(name);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    Session& session = *found->second;
    if (session.name == name) {
      by_age_.splice(by_age_.end(), by_age_, by_age_.iterator_to(session));
      session.last_at = now;
      return session;
    }
    erase(session);  // two names under one 64-bit key: the older one yields
  }
  return add(key, name, now);
}

Session& Sessions::open_new(std::string_view name, Time now) {
  const auto key = hash_(name);
  if (const auto found = by_key_.find(key); found != by_key_.end()) erase(*found->second);
  return add(key, name, now);
}

Session& Sessions::add(std::uint64_t key, std::string_view name, Time now) {
  if (by_key_.size() >= capacity_) {
    ++evicted_;
    erase(by_age_.front());
  }
  std::unique_ptr<Session> session;
  if (spare_.empty()) {
    session = std::make_unique<Session>();
  } else {
    session = std::move(spare_.back());
    spare_.pop_back();
  }
  session->name = name;
  session->key = key;
  session->last_at = now;
  by_key_[key] = session.get();
  by_age_.push_back(*session);
  return *session.release();
}

void Sessions::erase(Session& session) {
  if (session.stored) ended_.push_back(session.name);
  if (session.dirty_number != 0) dirty_[session.dirty_number - 1] = nullptr;
  by_key_.erase(session.key);
  by_age_.erase(by_age_.iterator_to(session));
  std::unique_ptr<Session> erased(&session);
  if (spare_.size() >= kSpareMax) return;
  erased->reset();
  spare_.push_back(std::move(erased));
}

}  // namespace rastro
