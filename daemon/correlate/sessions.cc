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
  other.verdicts = std::move(verdicts);
  other.tls = std::move(tls);
  other.tls_peer = std::move(tls_peer);
  other.unreached = std::move(unreached);
  other.facts = std::move(facts);
  other.mailboxes = std::move(mailboxes);
}

Sessions::~Sessions() {
  by_age_.clear_and_dispose([](Session* session) { delete session; });
}

std::string Sessions::name_of(std::string_view host, std::string_view program, std::uint32_t pid) {
  std::string name;
  name.reserve(host.size() + program.size() + 12);
  name.append(host).push_back('\0');
  name.append(program).push_back('\0');
  name.append(std::to_string(pid));
  return name;
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
  if (by_key_.size() >= capacity_) {
    ++evicted_;
    erase(by_age_.front());
  }
  auto session = std::make_unique<Session>();
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
  by_age_.erase_and_dispose(by_age_.iterator_to(session), [](Session* gone) { delete gone; });
}

}  // namespace rastro
