package example;

import java.time.Duration;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** An ordinary application of one controller. */
@SpringBootApplication(proxyBeanMethods = false)
@RestController
public class Application {
    public static void main(String[] arguments) {
        SpringApplication.run(Application.class, arguments);
    }

    @GetMapping("/hello")
    public Mono<String> hello(@RequestParam String name) {
        return Mono.just("hello, " + name);
    }

    @PostMapping("/echo")
    public Mono<byte[]> echo(@RequestBody Mono<byte[]> body) {
        return body;
    }

    /** So many numbers, as they are asked for. */
    @GetMapping(path = "/numbers", produces = MediaType.APPLICATION_NDJSON_VALUE)
    public Flux<Integer> numbers(@RequestParam int count) {
        return Flux.range(0, count);
    }

    @GetMapping(path = "/ticks", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    public Flux<Long> ticks() {
        return Flux.interval(Duration.ofMillis(20)).onBackpressureBuffer().take(10);
    }

    /** The thread that answers. */
    @GetMapping("/thread")
    public Mono<String> thread() {
        return Mono.fromSupplier(() -> Thread.currentThread().getName());
    }
}
