// A place on a map, or a force: in up to ten dimensions. flatVector.wgsl is its twin for two and three, where a vector stays in one register.
override dimensions: u32 = 4u;

alias Vector = array<f32, 10>; // what is beyond `dimensions` is 0, and never looked at

fn place_at(at: u32) -> Vector {
  var place = Vector();
  for (var c = 0u; c < dimensions; c++) {
    place[c] = positions[at + c];
  }
  return place;
}

fn plus(a: Vector, b: Vector) -> Vector {
  var sum = a;
  for (var c = 0u; c < dimensions; c++) {
    sum[c] += b[c];
  }
  return sum;
}

fn minus(a: Vector, b: Vector) -> Vector {
  var difference = a;
  for (var c = 0u; c < dimensions; c++) {
    difference[c] -= b[c];
  }
  return difference;
}

fn times(factor: f32, v: Vector) -> Vector {
  var product = v;
  for (var c = 0u; c < dimensions; c++) {
    product[c] *= factor;
  }
  return product;
}

fn squares(v: Vector) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < dimensions; c++) {
    sum += v[c] * v[c];
  }
  return sum;
}

// Each component within ±most.
fn clip(v: Vector, most: f32) -> Vector {
  var clipped = v;
  for (var c = 0u; c < dimensions; c++) {
    clipped[c] = clamp(v[c], -most, most);
  }
  return clipped;
}
