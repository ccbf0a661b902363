package example;

import org.iocp4j.reactor.IocpLoopResources;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;

/** All that puts a Spring application on completion ports, where they are available: its server and its clients. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty(name = "transport", havingValue = "iocp", matchIfMissing = true)
public class CompletionPorts {
    @Bean
    ReactorResourceFactory reactorResourceFactory() {
        ReactorResourceFactory resources = new ReactorResourceFactory();
        resources.setUseGlobalResources(false);
        resources.setLoopResourcesSupplier(() -> IocpLoopResources.create("http"));
        return resources;
    }
}
