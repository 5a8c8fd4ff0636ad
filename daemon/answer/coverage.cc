#include "daemon/answer/coverage.h"

#include <algorithm>

#include "store/retention.h"

namespace rastro {
namespace {

// A line is in the index within two seconds; the state that says so is a second old at most.
constexpr Duration kFresh = std::chrono::seconds(4);
// FileTail::kSilent, where it is not known when the log went.
constexpr Duration kSilentMin = std::chrono::hours(24);

class CoverageStatement {
 public:
  CoverageStatement(const TimeRange& range, Time now, const ReadState& state)
      : state_(state), now_(now) {
    out_.range = {range.from, std::min(range.until, now)};
    // What is being written at this moment is no hole.
    if (state.caught_up && now - state.at <= kFresh)
      out_.range.until = std::min(out_.range.until, std::max(state.at, range.from));
  }

  void add_source(const SourceCoverage& source, Time visible_since) {
    SourceStatement one{source.path, source.from, source.until};
    const auto& range = out_.range;
    const auto is_of = [&one](const std::vector<std::string>& paths) {
      return std::ranges::find(paths, one.path) != paths.end();
    };
    const bool gone = is_of(state_.gone);
    const bool followed = !gone && !is_of(state_.unfollowed);
    // A log that was given up before the interval begins has no part in it, nor has one that was
    // silent for a day before and went while nobody looked.
    const auto begin = std::max(range.from, visible_since);
    if (!followed && one.until && *one.until + (gone ? kSilentMin : Duration(0)) < begin) return;
    const auto trouble =
        std::ranges::find(state_.unreadable, one.path, &ReadState::Unreadable::path);
    const bool readable = trouble == state_.unreadable.end();
    if (state_.caught_up && followed) {
      const auto known = readable ? state_.at : trouble->since.value_or(Time::min());
      if (known > Time::min()) one.until = std::max(one.until.value_or(known), known);
    }
    if (!one.from && followed && readable && state_.unchanged_since)
      one.from = state_.unchanged_since(one.path);
    if (followed && (!out_.read_up_to || (one.until && *one.until < *out_.read_up_to)))
      out_.read_up_to = one.until;
    if (one.from && *one.from > range.from && range.from > Time::min()) {
      hole({one.path, range.from, std::min(*one.from, range.until),
            "the log starts after the interval does"});
    }
    // The second of the last line may still be going on, unless there are lines that are not in
    // yet.
    const auto goes_on = std::chrono::seconds(state_.caught_up ? 1 : 0);
    if (!one.until || *one.until + goes_on < range.until) {
      const auto from = std::max(one.until.value_or(range.from), range.from);
      hole({one.path, from, range.until,
            !readable                ? trouble->why
            : gone                   ? "not there"
            : !followed              ? "not configured any more"
            : !state_.index_writable ? "the index cannot be written"
                                     : "not read yet"});
    }
    // When its lines were written nobody knows then, and the newest are in no interval up to now.
    if (source.until && *source.until > now_ + kFutureMax)
      hole({one.path, range.from, range.until, "stamped ahead of the clock: see timezone"});
    out_.sources.push_back(std::move(one));
  }

  // Those that the index has no line of.
  void add_unreadable() {
    for (const auto& problem : state_.unreadable) {
      if (std::ranges::find(out_.sources, problem.path, &SourceStatement::path) !=
          out_.sources.end())
        continue;
      const auto from = problem.since.value_or(out_.range.from);
      hole({problem.path, std::max(from, out_.range.from), out_.range.until, problem.why});
    }
  }

  void hole(CoverageHole hole) {
    if (hole.until < out_.range.from || hole.from > out_.range.until) return;
    hole.until = std::min(hole.until, std::max(hole.from, now_));  // it may go on
    out_.holes.push_back(std::move(hole));
  }

  Coverage finish(Time visible_since) {
    begin_unbounded(visible_since);
    if (out_.range.from < visible_since && out_.range.from > Time::min())
      hole({"", out_.range.from, std::min(visible_since, out_.range.until),
            "older than store.retention: forgotten"});
    if (out_.sources.empty()) hole({"", out_.range.from, out_.range.until, "no log has been read"});
    if (!state_.index_in_place)
      hole({"", out_.range.from, out_.range.until, "the index was moved, unmounted or removed"});
    if (out_.read_up_to && !state_.caught_up && now_ > *out_.read_up_to)
      out_.behind = now_ - *out_.read_up_to;
    out_.complete = out_.holes.empty() && out_.range.from <= out_.range.until;
    return std::move(out_);
  }

 private:
  // Without a beginning, the interval is what is kept of all logs: before the last of them begins,
  // what is missing may stand in that one.
  void begin_unbounded(Time visible_since) {
    if (out_.range.from > Time::min()) return;
    std::optional<Time> latest;
    for (const auto& source : out_.sources) latest = std::max(latest, source.from);
    if (latest) out_.range.from = std::min(std::max(*latest, visible_since), out_.range.until);
  }

  const ReadState& state_;
  Time now_;
  Coverage out_;
};

}  // namespace

Result<Coverage> coverage_of(StoreReader& store, const TimeRange& range, Time now,
                             const ReadState& state) {
  CoverageStatement statement(range, now, state);
  const auto sources = store.coverage();
  if (!sources) return sources.error();
  const auto visible_since = store.visible_since();
  for (const auto& source : *sources) statement.add_source(source, visible_since);
  const auto holes = store.holes(range);
  if (!holes) return holes.error();
  for (const auto& hole : *holes) statement.hole(hole);
  statement.add_unreadable();
  for (const auto& trouble : store.troubles())
    statement.hole({"", trouble.from, trouble.until, trouble.file + ": " + trouble.why});
  return statement.finish(visible_since);
}

}  // namespace rastro
