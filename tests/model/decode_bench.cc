// Cost of an ordinary event's decoding: release build, `build/release/tests/model/model_bench`.
#include <string>

#include <benchmark/benchmark.h>

#include "engine/model/decode.h"
#include "engine/model/encode.h"
#include "engine/model/validate.h"
#include "tests/model/sample_events.h"

namespace plumbline::model {
namespace {

void DecodeValue(benchmark::State& state, const std::string& value) {
  Decoder decoder;
  Event event;
  for (auto _ : state) {
    benchmark::DoNotOptimize(decoder.Decode(AsBytes(value), Encoding::kUnknown, event));
    benchmark::DoNotOptimize(event.content);
  }
  state.counters["bytes"] = static_cast<double>(value.size());
}

void VerifyReadHashDevice(benchmark::State& state) {
  Encoder encoder;
  DecodeValue(state, std::string(encoder.FlatBuffers(SampleDevice())));
}
void VerifyReadHashDiagnosisWithGrades(benchmark::State& state) {
  Encoder encoder;
  DecodeValue(state, std::string(encoder.FlatBuffers(SampleDiagnosis())));
}
void JsonDevice(benchmark::State& state) {
  Encoder encoder;
  DecodeValue(state, std::string(encoder.Json(SampleDevice())));
}

void HashAlone(benchmark::State& state) {
  ContentHasher hasher;
  Event event = SampleDevice();
  bool ascii = false;
  for (auto _ : state) {
    hasher.Hash(event, &ascii);
    benchmark::DoNotOptimize(event.content);
  }
}

void ValidateDevice(benchmark::State& state) {
  ValidationTables tables;
  for (int i = 0; i < 20; ++i) tables.feeds.push_back({"north", "feed-" + std::to_string(i)});
  tables.feeds.push_back({"north", "monitors"});
  for (int i = 0; i < 200; ++i) tables.codes.push_back({"http://loinc.org", std::to_string(i) + "-1", {}});
  tables.codes.push_back({"http://loinc.org", "59408-5", {{"%", Decimal::Parse("0"), Decimal::Parse("100")}}});
  Validator validator(tables);
  const Event event = SampleDevice();
  for (auto _ : state) benchmark::DoNotOptimize(validator.Validate(event, "patient-0007", kSampleTime));
}

void EncodeDevice(benchmark::State& state) {
  Encoder encoder;
  const Event event = SampleDevice();
  for (auto _ : state) benchmark::DoNotOptimize(encoder.FlatBuffers(event));
}

BENCHMARK(VerifyReadHashDevice);
BENCHMARK(VerifyReadHashDiagnosisWithGrades);
BENCHMARK(HashAlone);
BENCHMARK(ValidateDevice);
BENCHMARK(JsonDevice);
BENCHMARK(EncodeDevice);

}  // namespace
}  // namespace plumbline::model
