#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/journey.h"
#include "core/seeded_hash.h"

namespace rastro {

// Names a leg that may have left memory meanwhile.
struct LegHandle {
  std::uint64_t key = 0;  // OpenLegs' bucket
  std::uint64_t id = 0;   // LegRecord::id
};

// One leg in memory: open, or closed so recently that late lines still come.
struct OpenLeg : boost::intrusive::list_base_hook<> {
  std::uint64_t key = 0;
  OpenLeg* next_same_key = nullptr;
  // smtpd may log under another syslog_name than the queue's owner; null: it does not.
  std::unique_ptr<const std::string> arrival_instance;
  std::uint32_t lines_total = 0;  // over all versions; bounded by LegLimits
  bool dirty = false;
  bool stored = false;  // handed over at least once
  LegRecord record;
  std::uint64_t message_id_key = 0;  // 0: not indexed
  OpenLeg* next_same_message_id = nullptr;
  OpenLeg* previous_same_message_id = nullptr;
  std::uint64_t flush_number = 0;  // of the flush that handed it over last

  LegHandle handle() const { return {key, record.id}; }
  void reset();  // as a new one; in no table, and without a Message-ID's place
};

// The table of legs in memory, found by (host, instance, queue id), bounded by its caller.
// Keys are chosen by strangers at worst, so the hash is seeded. Threads: the ingest thread only.
class OpenLegs {
 public:
  explicit OpenLegs(std::uint64_t seed) : hash_(seed) {}
  ~OpenLegs();
  OpenLegs(const OpenLegs&) = delete;
  OpenLegs& operator=(const OpenLegs&) = delete;

  std::uint64_t key_of(std::string_view host, std::string_view queue_id) const {
    return hash_(queue_id, hash_(host));
  }

  // The leg that this host's log means by `queue_id`: of the same instance if there is one, else
  // one that is still open under another syslog_name.
  OpenLeg* find(std::string_view host, Mta mta, std::string_view instance,
                std::string_view queue_id) const;
  OpenLeg* find(LegHandle handle) const;

  // Legs by Message-ID, without its angle brackets; newest first. Not unique, never a key of its
  // own: the caller looks for more that agrees.
  void index_message_id(OpenLeg& leg);
  std::uint64_t message_id_key(std::string_view message_id) const;
  OpenLeg* find_message_id(std::string_view message_id) const;
  static OpenLeg* next_message_id(const OpenLeg& leg, std::string_view message_id);

  // A leg without a name, to be filled and then given to insert().
  std::unique_ptr<OpenLeg> blank();
  // Takes the leg in; it becomes the one that find() returns for its names.
  OpenLeg& insert(std::unique_ptr<OpenLeg> leg);
  void erase(OpenLeg& leg);

  // Marks as used just now.
  void touch(OpenLeg& leg) { by_age_.splice(by_age_.end(), by_age_, by_age_.iterator_to(leg)); }
  // The leg that was left alone for longest; nullptr when empty.
  OpenLeg* oldest() { return by_age_.empty() ? nullptr : &by_age_.front(); }
  OpenLeg* next_older_than(OpenLeg& leg);

  std::size_t size() const { return by_age_.size(); }
  bool has_spare() const { return !spare_.empty(); }

 private:
  // As many as one flush drops.
  static constexpr std::size_t kSpareMax = 1'024;

  void forget_message_id(OpenLeg& leg);

  SeededHash hash_;
  boost::unordered_flat_map<std::uint64_t, OpenLeg*> by_key_;
  boost::unordered_flat_map<std::uint64_t, OpenLeg*> by_message_id_;
  boost::intrusive::list<OpenLeg> by_age_;
  std::vector<std::unique_ptr<OpenLeg>> spare_;  // erased ones, whose memory is used again
};

}  // namespace rastro
