#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <utility>

#include "core/clock.h"

namespace rastro {

// How current the index must be. While nobody asks, lines that were read wait for those that follow
// them (IngestOptions::unasked_interval): a message is then written once or twice instead of at
// each of its lines, and a commit's pages hold more than one row. Whoever asks gets an index that
// has every line read up to kUnseenMax before.
class IndexFreshness {
 public:
  static constexpr Duration kUnseenMax = std::chrono::milliseconds(300);
  static constexpr Duration kPatience = std::chrono::milliseconds(700);
  // After a question more of them are likely.
  static constexpr Duration kAskedFor = std::chrono::seconds(3);

  // `wake` has the ingest thread look at is_awaited() now; called on the asking threads.
  IndexFreshness(const Clock& clock, std::function<void()> wake)
      : clock_(clock), wake_(std::move(wake)) {}

  // Before a question, on any thread but ingest's. Returns when the index has the lines that it
  // must have, or kPatience is over: a disk that is full must not keep the questions waiting.
  void ask();
  // Everything that stood in the logs then is in the index; nullopt: there is more to read at once.
  std::optional<Time> complete_until() const;

  // The ingest thread's.
  bool is_asked() const;    // lately
  bool is_awaited() const;  // by a question, now
  struct State {
    Duration complete_until{0};  // steady; everything that stood in the logs then is in the index
    bool has_all = false;        // that was read
    bool behind = false;         // there is more to read at once, and the above means nothing
  };
  // After a turn, when all that others see of it is published.
  void tell(const State& state);

 private:
  static constexpr Duration kNever = Duration::min();

  const Clock& clock_;
  std::function<void()> wake_;
  std::atomic<Duration> asked_at_{kNever};
  std::atomic<int> waiting_{0};
  std::atomic<Duration> complete_until_{kNever};  // kNever: behind
  std::atomic<bool> lacks_lines_{false};          // that were read, and are worth waiting for
};

}  // namespace rastro
