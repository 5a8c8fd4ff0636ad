#include "daemon/correlate/open_legs.h"

#include <iterator>
#include <utility>

namespace rastro {

OpenLegs::~OpenLegs() {
  by_age_.clear_and_dispose([](OpenLeg* leg) { delete leg; });
}

OpenLeg* OpenLegs::find(std::string_view host, Mta mta, std::string_view instance,
                        std::string_view queue_id) const {
  const auto bucket = by_key_.find(key_of(host, queue_id));
  if (bucket == by_key_.end()) return nullptr;
  OpenLeg* other_instance = nullptr;
  for (OpenLeg* leg = bucket->second; leg != nullptr; leg = leg->next_same_key) {
    const auto& record = leg->record;
    if (record.queue_id != queue_id || record.host != host || record.mta != mta) continue;
    if (record.instance == instance || leg->arrival_instance == instance) return leg;
    if (other_instance == nullptr && is_open(record)) other_instance = leg;
  }
  return other_instance;
}

OpenLeg* OpenLegs::find(LegHandle handle) const {
  const auto bucket = by_key_.find(handle.key);
  if (bucket == by_key_.end()) return nullptr;
  for (OpenLeg* leg = bucket->second; leg != nullptr; leg = leg->next_same_key) {
    if (leg->record.id == handle.id) return leg;
  }
  return nullptr;
}

OpenLeg& OpenLegs::insert(LegRecord&& record) {
  auto leg = std::make_unique<OpenLeg>();
  leg->record = std::move(record);
  // A refused dialogue has no queue id: its own id is its name.
  leg->key = leg->record.queue_id.empty() ? key_of(leg->record.host, std::to_string(leg->record.id))
                                          : key_of(leg->record.host, leg->record.queue_id);
  auto& bucket = by_key_[leg->key];
  leg->next_same_key = bucket;
  bucket = leg.get();
  by_age_.push_back(*leg);
  return *leg.release();
}

void OpenLegs::erase(OpenLeg& leg) {
  const auto bucket = by_key_.find(leg.key);
  OpenLeg** link = &bucket->second;
  while (*link != &leg) link = &(*link)->next_same_key;
  *link = leg.next_same_key;
  if (bucket->second == nullptr) by_key_.erase(bucket);
  by_age_.erase_and_dispose(by_age_.iterator_to(leg), [](OpenLeg* gone) { delete gone; });
}

OpenLeg* OpenLegs::next_older_than(OpenLeg& leg) {
  auto next = std::next(by_age_.iterator_to(leg));
  return next == by_age_.end() ? nullptr : &*next;
}

}  // namespace rastro
