#include "daemon/index_answers.h"

#include "daemon/source/raw_lines.h"

namespace rastro {

QueryTools make_query_tools(const Writer& writer, const Clock& clock) {
  QueryTools tools;
  tools.store = StoreReader::create([&writer] { return writer.snapshot(); });
  auto lines = std::make_unique<RawLines>(clock);
  tools.refresh = [store = tools.store.get(), known = lines.get()] {
    if (const auto positions = store->positions()) known->know(*positions);
  };
  tools.lines = std::move(lines);
  return tools;
}

}  // namespace rastro
