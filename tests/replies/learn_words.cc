#include "tests/replies/learn_words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <utility>

#include "parsers/reason_words.h"

namespace rastro {
namespace {

constexpr std::size_t kRepliesMin = 2;  // in which a word occurs
constexpr int kRounds = 10;
constexpr double kStep = 0.15;
constexpr double kStartStep = 0.02;
constexpr double kDecay = 0.002;
constexpr int kPointsMin = 2;  // less is noise

using Weights = std::array<double, kReasonCount>;

// What our fixtures and documents put for people and hosts, and what stands in every address.
bool says_nothing(std::string_view word) {
  static constexpr auto kWords = std::to_array<std::string_view>(
      {"ana", "com", "examp", "http", "https", "juan", "luis", "net", "org", "www"});
  return std::ranges::binary_search(kWords, word);
}

std::set<std::string> features_of(const LabelledReply& reply) {
  std::set<std::string> out;
  const auto add = [&out](std::string_view word) {
    if (!says_nothing(word)) out.emplace(word);
  };
  ReasonWords::words_of(reply.rule_text, add);
  ReasonWords::codes_of(reply.reply_code, reply.enhanced_status, add);
  return out;
}

// Softmax regression by AdaGrad, a reply at a time.
class Learner {
 public:
  explicit Learner(const std::vector<LabelledReply>& replies) {
    std::vector<std::set<std::string>> features;
    std::map<std::string, std::size_t> counts;
    for (const auto& reply : replies) {
      features.push_back(features_of(reply));
      for (const auto& word : features.back()) ++counts[word];
      known_[static_cast<std::size_t>(reply.reason)] = true;
    }
    for (const auto& [word, count] : counts) {
      if (count >= kRepliesMin) words_.emplace(word, words_.size());
    }
    for (std::size_t i = 0; i < replies.size(); ++i) {
      Example example{static_cast<std::size_t>(replies[i].reason), {}};
      for (const auto& word : features[i]) {
        if (const auto known = words_.find(word); known != words_.end()) {
          example.words.push_back(known->second);
        }
      }
      examples_.push_back(std::move(example));
    }
    weights_.resize(words_.size());
    squares_.assign(words_.size(), filled(1e-6));
  }

  void learn() {
    std::mt19937 random(1);
    std::vector<std::size_t> order(examples_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (int round = 0; round < kRounds; ++round) {
      for (auto i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
      for (const auto i : order) learn(examples_[i]);
    }
  }

  std::string table() const {
    std::string out = "word";
    for (std::size_t reason = 0; reason < kReasonCount; ++reason) {
      if (!known_[reason]) continue;
      out.append("\t").append(reason_name(static_cast<Reason>(reason)));
    }
    out += '\n';
    append_row(out, "*", start_);
    for (const auto& [word, number] : words_) append_row(out, word, weights_[number]);
    return out;
  }

 private:
  struct Example {
    std::size_t reason = 0;
    std::vector<std::size_t> words;
  };

  static Weights filled(double value) {
    Weights out{};
    out.fill(value);
    return out;
  }

  void learn(const Example& example) {
    auto wrong = start_;  // how much too likely each reason is held
    for (const auto word : example.words) {
      for (std::size_t i = 0; i < kReasonCount; ++i) wrong[i] += weights_[word][i];
    }
    const double most = *std::ranges::max_element(wrong);
    double all = 0;
    for (std::size_t i = 0; i < kReasonCount; ++i) {
      wrong[i] = known_[i] ? std::exp(wrong[i] - most) : 0;
      all += wrong[i];
    }
    for (auto& value : wrong) value /= all;
    wrong[example.reason] -= 1;
    for (std::size_t i = 0; i < kReasonCount; ++i) start_[i] -= kStartStep * wrong[i];
    for (const auto word : example.words) {
      for (std::size_t i = 0; i < kReasonCount; ++i) {
        auto& weight = weights_[word][i];
        const double slope = wrong[i] + kDecay * weight;
        squares_[word][i] += slope * slope;
        weight -= kStep * slope / std::sqrt(squares_[word][i]);
      }
    }
  }

  void append_row(std::string& out, std::string_view word, const Weights& weights) const {
    std::string row(word);
    bool any = false;
    for (std::size_t i = 0; i < kReasonCount; ++i) {
      if (!known_[i]) continue;
      const auto points = static_cast<int>(
          std::clamp(std::lround(weights[i] * ReasonWords::kPointsPerNat), -127L, 127L));
      row += '\t';
      if (std::abs(points) < kPointsMin) continue;
      row += std::to_string(points);
      any = true;
    }
    while (row.ends_with('\t')) row.pop_back();
    if (any) out.append(row).append("\n");
  }

  std::map<std::string, std::size_t> words_;
  std::vector<Example> examples_;
  std::vector<Weights> weights_;
  std::vector<Weights> squares_;  // sums of the squared slopes
  Weights start_{};
  std::array<bool, kReasonCount> known_{};
};

}  // namespace

std::string learn_words(const std::vector<LabelledReply>& replies) {
  Learner learner(replies);
  learner.learn();
  return learner.table();
}

}  // namespace rastro
