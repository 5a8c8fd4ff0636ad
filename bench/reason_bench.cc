// How long a reply takes to get its reason: replies that differ in addresses, ids and numbers only,
// as a log has them. BM_Floor is what any answer must pay at least: a hash over the bytes of the
// reply. The ratio counts.
#include <benchmark/benchmark.h>

#include <random>

#include "config/reason_rules.h"
#include "parsers/reason_classifier.h"
#include "parsers/reply_mask.h"

namespace rastro {
namespace {

std::shared_ptr<const ReasonRules> rules() {
  static const auto kRules =
      ReasonRules::compile(parse_reason_rules(shipped_reason_rules(), "reasons.yaml").value(),
                           ReasonWords::parse(shipped_reason_words()).value())
          .value();
  return kRules;
}

// The samples of the shipped rules, each with other digits and addresses.
std::vector<std::string> replies(std::size_t count) {
  std::mt19937 random(1);
  std::vector<std::string> out;
  while (out.size() < count) {
    for (const auto& rule : rules()->rules()) {
      for (auto text : rule.samples) {
        for (auto at = text.find("192.0.2."); at != std::string::npos;
             at = text.find("192.0.2.", at + 1)) {
          text.replace(at, 8, "198.51." + std::to_string(random() % 256) + ".");
        }
        for (auto at = text.find("juan"); at != std::string::npos; at = text.find("juan", at + 5)) {
          text.insert(at, std::to_string(random() % 10'000) + ".");
        }
        out.push_back(std::move(text));
      }
    }
  }
  out.resize(count);
  return out;
}

void BM_Floor(benchmark::State& state) {
  const auto texts = replies(4096);
  const SeededHash hash(7);
  std::size_t i = 0, bytes = 0;
  for (auto _ : state) {
    const auto& text = texts[i++ % texts.size()];
    bytes += text.size();
    benchmark::DoNotOptimize(hash(text));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(BM_Floor);

void BM_Mask(benchmark::State& state) {
  const auto texts = replies(4096);
  std::size_t i = 0;
  for (auto _ : state) {
    const MaskedReply masked(texts[i++ % texts.size()]);
    benchmark::DoNotOptimize(masked.text().data());
  }
}
BENCHMARK(BM_Mask);

void BM_Cached(benchmark::State& state) {
  const auto texts = replies(4096);
  ReasonClassifier classifier(rules(), 7);
  for (const auto& text : texts) classifier.classify(std::nullopt, 0, text);
  std::size_t i = 0, bytes = 0;
  for (auto _ : state) {
    const auto& text = texts[i++ % texts.size()];
    bytes += text.size();
    benchmark::DoNotOptimize(classifier.classify(std::nullopt, 0, text));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(BM_Cached);

// A reply that the cache has not, whose words were met before.
void BM_Uncached(benchmark::State& state) {
  const auto texts = replies(512);
  for (const auto& text : texts) rules()->decide(std::nullopt, 0, text);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(rules()->decide(std::nullopt, 0, texts[i++ % texts.size()]).reason);
  }
}
BENCHMARK(BM_Uncached);

}  // namespace
}  // namespace rastro

BENCHMARK_MAIN();
