#include "daemon/index_answers.h"

#include <utility>

#include "daemon/source/raw_lines.h"

namespace rastro {
namespace {

// Lines from the log while it is there, else from the copies that the index holds.
class LogOrIndex final : public RawLineSource {
 public:
  LogOrIndex(const Clock& clock, StoreReader& store) : log_(clock), store_(store) {}

  void know(const std::vector<SourcePosition>& positions) { log_.know(positions); }

  Result<std::string> read(const LineRef& line) override {
    auto text = log_.read(line);
    from_log_ = text.has_value();
    if (text || text.error().code != Error::Code::not_found) return text;
    auto copied = store_.raw_line(line);
    if (!copied) return copied.error();
    auto& copy = *copied;
    return copy ? std::move(*copy) : text;
  }

  std::string source_path(std::uint32_t source) const override { return log_.source_path(source); }
  std::string moved_to(std::uint32_t source) const override {
    return from_log_ ? log_.moved_to(source) : std::string();
  }

 private:
  RawLines log_;
  bool from_log_ = false;  // the line that was read last
  StoreReader& store_;
};

}  // namespace

QueryTools make_query_tools(const Writer& writer, const Clock& clock,
                            std::shared_ptr<const ReasonRules> rules) {
  QueryTools tools;
  tools.store = StoreReader::create([&writer] { return writer.snapshot(); });
  auto lines = std::make_unique<LogOrIndex>(clock, *tools.store);
  tools.refresh = [store = tools.store.get(), known = lines.get()] {
    if (const auto positions = store->positions()) known->know(*positions);
  };
  tools.lines = std::move(lines);
  tools.clock = &clock;
  // Our own texts: a mistake in them is found by the tests, and costs the explanations only.
  if (auto explainer = Explainer::create(rules)) {
    tools.explainer = std::make_shared<const Explainer>(std::move(*explainer));
  }
  tools.rules = std::move(rules);
  return tools;
}

}  // namespace rastro
