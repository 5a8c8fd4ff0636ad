#include "daemon/correlate/open_legs.h"

#include <iterator>
#include <utility>

#include "core/message_id.h"

namespace rastro {

namespace {

std::string_view bare(const MaybeText& id) {
  return id ? bare_message_id(*id) : std::string_view();
}

}  // namespace

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
    if (record.instance == instance) return leg;
    const bool of_arrival =
        leg->arrival_instance == nullptr ? instance.empty() : *leg->arrival_instance == instance;
    if (of_arrival) return leg;
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

std::unique_ptr<OpenLeg> OpenLegs::blank() {
  if (spare_.empty()) return std::make_unique<OpenLeg>();
  auto leg = std::move(spare_.back());
  spare_.pop_back();
  return leg;
}

OpenLeg& OpenLegs::insert(std::unique_ptr<OpenLeg> leg) {
  // A refused dialogue has no queue id: its own id is its name.
  leg->key = leg->record.queue_id.empty() ? key_of(leg->record.host, std::to_string(leg->record.id))
                                          : key_of(leg->record.host, leg->record.queue_id);
  auto& bucket = by_key_[leg->key];
  leg->next_same_key = bucket;
  bucket = leg.get();
  by_age_.push_back(*leg);
  index_message_id(*leg);
  return *leg.release();
}

std::uint64_t OpenLegs::message_id_key(std::string_view message_id) const {
  return hash_(bare_message_id(message_id)) | 1;
}

void OpenLegs::index_message_id(OpenLeg& leg) {
  forget_message_id(leg);
  const auto id = bare(leg.record.message_id);
  if (id.empty()) return;
  leg.message_id_key = hash_(id) | 1;
  auto& newest = by_message_id_[leg.message_id_key];
  if (newest != nullptr) newest->previous_same_message_id = &leg;
  leg.next_same_message_id = newest;
  newest = &leg;
}

void OpenLegs::forget_message_id(OpenLeg& leg) {
  if (leg.message_id_key == 0) return;
  auto* next = std::exchange(leg.next_same_message_id, nullptr);
  auto* previous = std::exchange(leg.previous_same_message_id, nullptr);
  if (next != nullptr) next->previous_same_message_id = previous;
  if (previous != nullptr) {
    previous->next_same_message_id = next;
  } else if (next != nullptr) {
    by_message_id_[leg.message_id_key] = next;
  } else {
    by_message_id_.erase(leg.message_id_key);
  }
  leg.message_id_key = 0;
}

OpenLeg* OpenLegs::find_message_id(std::string_view message_id) const {
  const auto bucket = by_message_id_.find(hash_(message_id) | 1);
  if (bucket == by_message_id_.end()) return nullptr;
  OpenLeg* leg = bucket->second;
  return bare(leg->record.message_id) == message_id ? leg : next_message_id(*leg, message_id);
}

OpenLeg* OpenLegs::next_message_id(const OpenLeg& leg, std::string_view message_id) {
  OpenLeg* next = leg.next_same_message_id;
  while (next != nullptr && bare(next->record.message_id) != message_id) {
    next = next->next_same_message_id;
  }
  return next;
}

void OpenLegs::erase(OpenLeg& leg) {
  forget_message_id(leg);
  const auto bucket = by_key_.find(leg.key);
  OpenLeg** link = &bucket->second;
  while (*link != &leg) link = &(*link)->next_same_key;
  *link = leg.next_same_key;
  if (bucket->second == nullptr) by_key_.erase(bucket);
  by_age_.erase(by_age_.iterator_to(leg));
  std::unique_ptr<OpenLeg> erased(&leg);
  if (spare_.size() >= kSpareMax) return;
  erased->reset();
  spare_.push_back(std::move(erased));
}

void OpenLeg::reset() {
  record.clear();
  key = 0;
  next_same_key = nullptr;
  arrival_instance.reset();
  lines_total = 0;
  flush_number = 0;
  dirty = false;
  stored = false;
}

OpenLeg* OpenLegs::next_older_than(OpenLeg& leg) {
  auto next = std::next(by_age_.iterator_to(leg));
  return next == by_age_.end() ? nullptr : &*next;
}

}  // namespace rastro
