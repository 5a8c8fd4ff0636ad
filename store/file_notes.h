#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/journey.h"
#include "core/position.h"
#include "store/address_blocks.h"
#include "store/key_filter.h"
#include "store/row_times.h"
#include "store/sqlite.h"

namespace rastro {

// What the encounters of an hour are of, so that most hours need not be read for a login's.
struct EncounterNote {
  static constexpr std::size_t kLoginBytesMax = 128UL * 1024;
  std::array<std::uint64_t, Encounter::kKinds> count{};            // by kind
  std::array<std::uint64_t, Encounter::kKinds> count_of_nobody{};  // those without a login
  std::vector<std::string> logins;                                 // each once
  bool all_logins = false;  // false: they take more than that, and `logins` is empty
};
// nullopt: not all could be read.
std::optional<EncounterNote> read_encounter_note(Database& database);

// What readers found out about a file and share, so that it is found out once. All of it can be
// read off the file again; nothing here is needed for an answer. Threads: any.
class FileNotes {
 public:
  std::shared_ptr<const RowTimes> row_times() const { return get(row_times_); }
  std::shared_ptr<const KeyFilter> key_filter() const { return get(key_filter_); }
  std::shared_ptr<const std::vector<CoverageHole>> holes() const { return get(holes_); }
  std::shared_ptr<const EncounterNote> encounters() const { return get(encounters_); }

  // The one that knows more rows stays.
  void note(std::shared_ptr<const RowTimes> times) {
    const std::lock_guard lock(mutex_);
    if (!row_times_ || row_times_->known() < times->known()) row_times_ = std::move(times);
  }
  // Of a sealed file only, as the next too. Null: it has none, and nobody need try again.
  void note(std::shared_ptr<const KeyFilter> filter) {
    const std::lock_guard lock(mutex_);
    key_filter_ = std::move(filter);
    filter_tried_ = true;
  }
  void note(std::shared_ptr<const std::vector<CoverageHole>> holes) {
    const std::lock_guard lock(mutex_);
    holes_ = std::move(holes);
  }
  void note(std::shared_ptr<const EncounterNote> encounters) {
    const std::lock_guard lock(mutex_);
    encounters_ = std::move(encounters);
  }
  RowAddresses& addresses() { return addresses_; }  // while it is not sealed
  bool filter_tried() const {
    const std::lock_guard lock(mutex_);
    return filter_tried_;
  }

 private:
  template <typename T>
  T get(const T& note) const {
    const std::lock_guard lock(mutex_);
    return note;
  }
  mutable std::mutex mutex_;
  std::shared_ptr<const RowTimes> row_times_;
  std::shared_ptr<const KeyFilter> key_filter_;
  bool filter_tried_ = false;
  std::shared_ptr<const std::vector<CoverageHole>> holes_;
  std::shared_ptr<const EncounterNote> encounters_;
  RowAddresses addresses_;
};

}  // namespace rastro
