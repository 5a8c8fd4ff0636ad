// Log lines in any order, cut anywhere: the correlator stays within its limits, and a message
// exists only if a line names it.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/correlate/correlator.h"
#include "parsers/registry.h"
#include "parsers/syslog_header.h"

namespace {

using namespace rastro;

void require(bool promise) {
  if (!promise) std::abort();
}

class MemoryStore : public LegStore, public LegSink {
 public:
  explicit MemoryStore(std::string_view input) : input_(input) {}
  void on_leg(const LegRecord& leg) override {
    require(leg.queue_id.empty() || input_.find(leg.queue_id) != std::string_view::npos);
    auto& slot = legs_[leg.id];
    slot = leg;
  }
  void on_encounter(Encounter&& /*encounter*/) override {}
  void on_pending(std::string_view key, std::string_view value) override {
    if (value.empty()) {
      pending_.erase(std::string(key));
    } else {
      pending_[std::string(key)] = value;
    }
  }
  std::optional<LegRecord> find_open_leg(std::string_view host, Mta mta,
                                         std::string_view /*instance*/,
                                         std::string_view queue_id) override {
    for (const auto& [id, leg] : legs_) {
      if (leg.queue_id == queue_id && leg.host == host && leg.mta == mta && is_open(leg))
        return leg;
    }
    return std::nullopt;
  }
  std::optional<LegRecord> find_leg(std::uint64_t id) override {
    const auto found = legs_.find(id);
    return found == legs_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::string_view input_;
  std::map<std::uint64_t, LegRecord> legs_;
  std::map<std::string, std::string> pending_;
};

std::vector<std::string_view> lines_of(std::string_view content) {
  std::vector<std::string_view> lines;
  while (!content.empty()) {
    const auto end = std::min(content.find('\n'), content.size());
    lines.push_back(content.substr(0, end));
    content.remove_prefix(std::min(end + 1, content.size()));
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string input(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto lines = lines_of(input);
  // The first byte is the seed of the order in which the lines come.
  for (std::size_t i = 1, state = data[0]; data[0] > 1 && i < lines.size(); ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    std::swap(lines[i], lines[(state >> 33U) % (i + 1)]);
  }
  MemoryStore store(input);
  CorrelatorOptions options;
  options.seed = 1;
  Correlator correlator(
      options, [](auto, std::uint16_t, std::string_view) { return Reason::other; }, store, store);
  StampReader stamps("UTC", Time(std::chrono::seconds(1'795'000'000)));
  std::uint64_t offset = 0;
  for (const auto line : lines) {
    auto text = line;
    LineHeader header;
    if (!maybe_take_syslog_header(text, stamps, header)) {
      if (!maybe_take_exim_stamp(text, stamps, header)) continue;
      header.host = "mx1";
    }
    const auto program = find_program(header.program);
    if (program.parse == nullptr) continue;
    const auto parsed = program.parse(header, text);
    const LogLine log_line{header, program.mta, program.instance, program.agent,
                           LineRef{1, static_cast<std::uint32_t>(line.size()), offset}};
    offset += line.size() + 1;
    correlator.apply(log_line, parsed.event);
  }
  correlator.committed(correlator.flush());
  require(correlator.legs_in_memory() <= lines.size() * 2);
  return 0;
}
