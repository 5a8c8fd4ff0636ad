#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "store/snapshot.h"
#include "store/sqlite.h"

namespace rastro {

// The check thread, there only after a start that left files unchecked because they are large: has
// SQLite look at each of them whole, newest first, at the lowest priority, and ends. What it finds
// damaged is told to the writer by the view's flag, as readers do.
class CheckLoop {
 public:
  explicit CheckLoop(std::shared_ptr<const StoreSnapshot> snapshot)
      : snapshot_(std::move(snapshot)) {}

  static bool is_needed(const StoreSnapshot& snapshot);
  void run();
  // Any thread: ends a check that is under way.
  void stop();

 private:
  void check(const FileView& view, bool newest);

  std::shared_ptr<const StoreSnapshot> snapshot_;
  std::atomic<bool> stopping_{false};
  // The connection that stop() may interrupt. It is closed only after it was taken out of
  // `running_` with `stopping_` still unset; else it lives as long as this.
  std::atomic<Database*> running_{nullptr};
  std::optional<Database> database_;
};

}  // namespace rastro
