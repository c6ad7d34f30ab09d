/// A ratio of two integers, such as a time base or a sample aspect ratio.
package struct Rational: Hashable, Sendable, CustomStringConvertible {
  package var numerator: Int
  package var denominator: Int
  package init(_ numerator: Int, _ denominator: Int) {
    self.numerator = numerator
    self.denominator = denominator
  }
  /// The quotient; 0 if the denominator is 0.
  package var value: Double { denominator == 0 ? 0 : Double(numerator) / Double(denominator) }
  package var description: String { "\(numerator)/\(denominator)" }
}

/// What a source attached to a frame beside its picture, such as closed captions. Only the module that
/// made it knows what is inside; the others pass it on.
package protocol FrameAttachments: AnyObject, Sendable {}

/// A picture with its place in time and in the stream.
package struct Frame: Sendable {
  /// Place in the stream, from 0, in presentation order.
  package var index: Int
  package var picture: Picture
  /// Presentation time in units of the stream's time base.
  package var presentationTime: Int64
  /// Duration in units of the stream's time base; 0 if unknown.
  package var duration: Int64
  /// Width ÷ height of one sample; 0/1 if unknown.
  package var sampleAspectRatio: Rational
  package var fieldOrder: FieldOrder
  /// The name of the file that the frame came from, without folder; only in frame folders.
  package var fileName: String?
  /// What the file of a picture tells beside its samples.
  package var metadata: PictureMetadata?
  /// What travels with the frame from the source to the sink; `nil` if nothing does.
  package var attachments: (any FrameAttachments)?

  package init(
    index: Int, picture: Picture, presentationTime: Int64, duration: Int64 = 0,
    sampleAspectRatio: Rational = Rational(0, 1), fieldOrder: FieldOrder = .progressive,
    fileName: String? = nil, attachments: (any FrameAttachments)? = nil
  ) {
    self.index = index
    self.picture = picture
    self.presentationTime = presentationTime
    self.duration = duration
    self.sampleAspectRatio = sampleAspectRatio
    self.fieldOrder = fieldOrder
    self.fileName = fileName
    self.attachments = attachments
  }

  /// The same frame with another picture.
  package func with(_ picture: Picture) -> Frame {
    var copy = self
    copy.picture = picture
    return copy
  }
}

/// How the rows of a frame follow each other in time.
package enum FieldOrder: String, Hashable, Sendable {
  case progressive
  case topFirst
  case bottomFirst

  /// The fields in the order of time, as the parity of their rows; none in a progressive frame.
  package var fields: [Int] {
    switch self {
    case .progressive: []
    case .topFirst: [0, 1]
    case .bottomFirst: [1, 0]
    }
  }
}
