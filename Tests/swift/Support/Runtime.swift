import CHypr
import CSystem
import Foundation
import HyprModelWriter

@testable import HyprCore

/// A failed call of the C ABI, with the message that came with it.
struct CallFailure: Error, CustomStringConvertible {
  let status: hypr_status
  let message: String

  init(status: hypr_status, message: String) {
    self.status = status
    self.message = message
  }

  /// With what a function that makes an object wrote.
  init(_ status: hypr_status, _ message: [CChar]) {
    let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    self.init(status: status, message: text)
  }

  var description: String { "\(String(cString: hypr_status_name(status)!)): \(message)" }
}

/// hypr.h for the tests: handles that free themselves, statuses that throw.
final class TestModel {
  let handle: OpaquePointer

  init(bytes: [UInt8]) throws {
    var handle: OpaquePointer?
    var message = [CChar](repeating: 1, count: 512)
    let status = hypr_model_load_buffer(bytes, bytes.count, &handle, &message, message.count)
    guard status == HYPR_OK, let handle else { throw CallFailure(status, message) }
    self.handle = handle
  }

  convenience init(_ description: ModelDescription) throws { try self.init(bytes: try description.serialized()) }

  /// With the kernels of a CPU level that the processor can run.
  init(_ description: ModelDescription, level: Int) throws {
    var table = kernel_table()
    kernel_table_fill(&table, Int32(level))
    let bytes = try description.serialized()
    let loaded = try bytes.withUnsafeBytes { buffer throws(Failure) in
      try Model.load(buffer, MessageBuffer(nil, size: 0), kernels: table)
    }
    handle = OpaquePointer(loaded)
  }

  deinit { hypr_model_free(handle) }

  var inputSize: Int { hypr_model_input_size(handle) }
  var outputSize: Int { hypr_model_output_size(handle) }
  var layerCount: Int { hypr_model_layer_count(handle) }
  var parameterCount: Int { hypr_model_parameter_count(handle) }
}

struct TensorInfo {
  let name: String
  let shape: [Int]
  let range: Range<Int>
  let trainable: Bool
}

final class TestSession {
  let handle: OpaquePointer
  let model: TestModel

  init(_ model: TestModel, _ options: [Int: Double] = [:]) throws {
    var settings: OpaquePointer?
    var message = [CChar](repeating: 1, count: 512)
    let made = hypr_options_create(&settings, &message, message.count)
    guard made == HYPR_OK else { throw CallFailure(made, message) }
    defer { hypr_options_free(settings) }
    for (key, value) in options {
      let status = hypr_options_set(settings, hypr_option(key), value)
      guard status == HYPR_OK else {
        throw CallFailure(status: status, message: String(cString: hypr_options_message(settings)!))
      }
    }
    var handle: OpaquePointer?
    let status = hypr_session_create(model.handle, settings, &handle, &message, message.count)
    guard status == HYPR_OK, let handle else { throw CallFailure(status, message) }
    self.handle = handle
    self.model = model
  }

  deinit { hypr_session_free(handle) }

  func check(_ status: hypr_status) throws {
    guard status == HYPR_OK else {
      throw CallFailure(status: status, message: String(cString: hypr_session_message(handle)!))
    }
  }

  @discardableResult func step(_ input: [Float]) throws -> [Float] {
    var output = [Float](repeating: 0, count: model.outputSize)
    try check(hypr_session_step(handle, input, input.count, &output, output.count))
    return output
  }

  func teach(_ label: Int, stepsAgo: Int = 0) throws {
    try check(hypr_session_teach_class_at(handle, stepsAgo, UInt32(label)))
  }

  func teach(values: [Float], stepsAgo: Int = 0) throws {
    try check(hypr_session_teach_values_at(handle, stepsAgo, values, values.count))
  }
  func teach(error: [Float], stepsAgo: Int = 0) throws {
    try check(hypr_session_teach_error_at(handle, stepsAgo, error, error.count))
  }

  func reset() throws { try check(hypr_session_reset(handle)) }
  func flush() throws { try check(hypr_session_flush(handle)) }
  func apply() throws { try check(hypr_session_apply(handle)) }

  @discardableResult func learn(_ inputs: [[Float]], _ labels: [Int]) throws -> Double {
    var loss = 0.0
    try check(
      hypr_session_learn_sequence(handle, inputs.flatMap(\.self), inputs.count, labels.map(Int32.init), nil, &loss))
    return loss
  }

  /// Whole sequences with one label each.
  @discardableResult func learn(_ sequences: [[[Float]]], _ labels: [Int]) throws -> Double {
    var loss = 0.0
    try check(
      hypr_session_learn_labelled(
        handle, sequences.flatMap { $0.flatMap(\.self) }, sequences.map(\.count), sequences.count,
        labels.map(Int32.init),
        nil, &loss))
    return loss
  }

  /// A sequence step by step; `teach` gets every step that has a label.
  func stream(_ inputs: [[Float]], _ labels: [Int], _ teach: (Int) throws -> Void) throws {
    for (step, input) in inputs.enumerated() {
      try self.step(input)
      if labels[step] >= 0 { try teach(step) }
    }
    try flush()
  }

  func teachSequence(_ label: Int) throws { try check(hypr_session_teach_sequence(handle, UInt32(label))) }
  func setClassWeights(_ weights: [Float]) throws {
    try check(hypr_session_set_class_weights(handle, weights, weights.count))
  }

  func spikes(_ layer: Int) throws -> [Float] {
    var result = [Float](repeating: -1, count: hypr_model_layer_size(model.handle, layer))
    try check(hypr_session_get_spikes(handle, layer, &result, result.count))
    return result
  }

  func state(_ layer: Int) throws -> [Float] {
    var result = [Float](repeating: -1, count: hypr_session_layer_state_size(handle, layer))
    try check(hypr_session_get_layer_state(handle, layer, &result, result.count))
    return result
  }

  var parameters: [Float] {
    get throws {
      var flat = [Float](repeating: .nan, count: model.parameterCount)
      try check(hypr_session_get_parameters(handle, &flat, flat.count))
      return flat
    }
  }

  func setParameters(_ flat: [Float]) throws { try check(hypr_session_set_parameters(handle, flat, flat.count)) }

  var gradients: [Float] {
    get throws {
      var flat = [Float](repeating: .nan, count: model.parameterCount)
      try check(hypr_session_get_gradients(handle, &flat, flat.count))
      return flat
    }
  }

  var tensors: [TensorInfo] {
    get throws {
      try (0..<hypr_session_tensor_count(handle)).map { index in
        var info = hypr_tensor_info()
        info.struct_size = MemoryLayout<hypr_tensor_info>.size
        try check(hypr_session_tensor_info(handle, index, &info))
        let shape = [info.shape.0, info.shape.1, info.shape.2, info.shape.3].prefix(info.rank)
        return TensorInfo(
          name: String(cString: info.name), shape: Array(shape), range: info.offset..<info.offset + info.size,
          trainable: info.trainable != 0)
      }
    }
  }

  var savedState: [UInt8] {
    get throws {
      var size = 0
      try check(hypr_session_state_size(handle, &size))
      var bytes = [UInt8](repeating: 0, count: size)
      try check(hypr_session_save_state(handle, &bytes, bytes.count))
      return bytes
    }
  }

  func load(_ state: [UInt8]) throws { try check(hypr_session_load_state(handle, state, state.count)) }

  func setState(_ layer: Int, _ state: [Float]) throws {
    try check(hypr_session_set_layer_state(handle, layer, state, state.count))
  }

  /// That of all tensors, one after the other.
  var eligibility: [Float] {
    get throws {
      var all: [Float] = []
      for index in 0..<hypr_session_tensor_count(handle) {
        var values = [Float](repeating: .nan, count: hypr_session_eligibility_size(handle, index))
        try check(hypr_session_get_eligibility(handle, index, &values, values.count))
        all += values
      }
      return all
    }
  }

  var spikeRates: [Float] {
    get throws {
      var rates = [Float](repeating: -1, count: model.layerCount)
      try rates.withUnsafeMutableBufferPointer { buffer in
        var statistics = hypr_statistics()
        statistics.struct_size = MemoryLayout<hypr_statistics>.size
        (statistics.spike_rates, statistics.spike_rate_count) = (buffer.baseAddress, buffer.count)
        try check(hypr_session_statistics(handle, &statistics))
      }
      return rates
    }
  }

  var statistics: hypr_statistics {
    get throws {
      var statistics = hypr_statistics()
      statistics.struct_size = MemoryLayout<hypr_statistics>.size
      try check(hypr_session_statistics(handle, &statistics))
      return statistics
    }
  }
}
