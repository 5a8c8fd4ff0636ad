#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "core/line_kind.h"
#include "daemon/daemon_status.h"

namespace rastro {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

class Families {
 public:
  void counter(const char* name, const char* help, double value) {
    start(name, help, MetricType::Counter);
    add({}, value);
  }
  void gauge(const char* name, const char* help, double value) {
    start(name, help, MetricType::Gauge);
    add({}, value);
  }
  void start(const char* name, const char* help, MetricType type) {
    families_.push_back({name, help, type, {}});
  }
  // Another time series of the family started last.
  void add(std::vector<ClientMetric::Label> labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (families_.back().type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    families_.back().metric.push_back(std::move(metric));
  }
  std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return out.str();
  }

 private:
  std::vector<MetricFamily> families_;
};

double number(std::uint64_t value) { return static_cast<double>(value); }

void add_lines(Families& out, const DaemonStatus& status) {
  std::array<std::uint64_t, kLineKindCount> kinds{};
  for (const auto& program : status.programs) {
    for (std::size_t i = 0; i < kLineKindCount; ++i) kinds[i] += program.by_kind[i];
  }
  out.start("rastro_lines_total", "Log lines by what was made of them.", MetricType::Counter);
  for (std::size_t i = 0; i < kLineKindCount; ++i) {
    const auto kind = static_cast<LineKind>(i);
    if (kinds[i] > 0) out.add({{"kind", std::string(line_kind_name(kind))}}, number(kinds[i]));
  }
  out.counter("rastro_parse_failures_total", "Log lines of a known program in an unknown form.",
              number(kinds[static_cast<std::size_t>(LineKind::unrecognised)]));
  out.counter("rastro_lines_cut_total", "Log lines longer than the limit, cut there.",
              number(status.sources.cut_lines));
}

// A log that cannot be read counts from when it could; of one that never could, nothing is known.
Duration lag_of(const DaemonStatus& status) {
  if (status.caught_up) return Duration::zero();
  std::optional<Time> complete_to;
  if (!status.read_to_end) complete_to = status.newest_line_at;
  for (const auto& log : status.unreadable) {
    if (log.since) complete_to = std::min(complete_to.value_or(*log.since), *log.since);
  }
  return std::max(status.published_at - complete_to.value_or(status.newest_line_at),
                  Duration::zero());
}

void add_sources(Families& out, const DaemonStatus& status) {
  const auto behind = lag_of(status);
  out.gauge(
      "rastro_log_lag_seconds",
      "Since when lines may be missing: from the newest line in the index, or from when a log that "
      "cannot be read was read to its end; 0 when caught up.",
      std::chrono::duration<double>(behind).count());
  out.gauge("rastro_caught_up",
            "1: everything in all logs is in the index; 0 while one cannot be read.",
            status.caught_up ? 1 : 0);
  out.gauge("rastro_sources_unreadable", "Logs that cannot be read now, or are not there.",
            number(status.unreadable.size()));
  out.counter("rastro_source_read_bytes_total", "Bytes of log read.", number(status.sources.bytes));
  out.counter("rastro_source_rotations_total", "Rotations followed.",
              number(status.sources.rotations));
  out.counter("rastro_source_truncations_total", "Logs that became shorter while they were read.",
              number(status.sources.truncations));
  out.counter("rastro_source_damaged_archives_total", "Archives that could not be read to the end.",
              number(status.sources.damaged_archives));
}

void add_legs(Families& out, const DaemonStatus& status) {
  const auto& legs = status.correlator;
  out.counter("rastro_legs_opened_total", "Queue ids and refused dialogues seen.",
              number(legs.legs_opened));
  out.gauge("rastro_legs_in_memory", "Messages without an end, in memory.",
            number(status.legs_in_memory));
  out.counter("rastro_legs_evicted_total", "Messages written out before their end.",
              number(legs.legs_evicted));
  out.counter("rastro_legs_reopened_total", "Messages read back for a later line.",
              number(legs.legs_reopened));
  out.counter("rastro_legs_forgotten_total", "Messages written out and no longer remembered.",
              number(legs.evicted_forgotten));
  out.counter("rastro_sessions_evicted_total", "SMTP dialogues forgotten before their end.",
              number(legs.sessions_evicted));
  out.counter("rastro_values_refused_total", "Recipients, lines and texts beyond a limit.",
              number(legs.values_refused));
}

void add_store(Families& out, const WriterCounters& store, bool writable) {
  out.gauge("rastro_index_writable", "0: the index cannot be written, reading waits.",
            writable ? 1 : 0);
  out.counter("rastro_store_batches_total", "Transactions committed.", number(store.batches));
  out.counter("rastro_store_legs_total", "Versions of messages written.", number(store.legs));
  out.counter("rastro_store_written_bytes_total", "Bytes written to the index.",
              number(store.bytes_written));
  out.counter("rastro_store_files_sealed_total", "Hours finished.", number(store.files_sealed));
  out.counter("rastro_store_files_expired_total", "Hours removed by retention.",
              number(store.files_expired));
  out.counter("rastro_store_files_quarantined_total", "Damaged hours set aside.",
              number(store.files_quarantined));
  out.counter("rastro_store_files_vanished_total", "Finished hours that somebody else removed.",
              number(store.files_vanished));
  out.counter("rastro_store_files_dropped_full_total", "Hours removed because the disk was full.",
              number(store.files_dropped_full));
  out.counter("rastro_store_commit_failures_total", "Transactions that failed.",
              number(store.commit_failures));
}

void add_api(Families& out, const ApiCounters& api) {
  out.gauge("rastro_api_connections", "Connections open.", number(api.connections));
  out.counter("rastro_api_connections_refused_total", "Connections beyond a limit.",
              number(api.connections_refused));
  out.start("rastro_api_requests_total", "Questions answered, by route and HTTP status.",
            MetricType::Counter);
  for (const auto& one : api.requests) {
    out.add(
        {{"route", one.path.empty() ? "none" : one.path}, {"status", std::to_string(one.status)}},
        number(one.requests));
  }
}

}  // namespace

std::string metrics_text(const DaemonStatus& status, const WriterCounters& store, bool writable,
                         const ApiCounters& api) {
  Families out;
  out.start("rastro_build_info", "Constant 1, with the version.", MetricType::Gauge);
  out.add({{"version", RASTRO_VERSION}}, 1);
  add_sources(out, status);
  add_lines(out, status);
  add_legs(out, status);
  add_store(out, store, writable);
  add_api(out, api);
  return out.text();
}

}  // namespace rastro
